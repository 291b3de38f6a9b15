"""How many times as long, or as often: one slice against all others, with an interval.

Lives here: ratios and their bootstrap over roots. Does not: whether a difference is real (`comparisons`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.residuals import LEAST_ROOTS, group_medians

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

RESAMPLES: Final = 2_000
LEVEL: Final = 0.95
_CELLS_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """Hold a ratio and its 95 % interval; infinite where the others have nothing to compare with."""

    ratio: float
    low: float
    high: float


def ratio_of_medians(values: FloatArray, groups: IntArray, is_in: BoolArray) -> float:
    """Return how many times as long the slice's median root takes as the others' of its own shape.

    Shape: one log duration and one group a root. Residuals will not do here: the slow roots themselves have moved the
    median that was taken off, by 5 to 20 % where they are a tenth to a third of their shape.
    """
    return float(np.exp(np.median((values - _levels(values[~is_in], groups[~is_in], groups))[is_in])))


def _levels(others: FloatArray, other_groups: IntArray, groups: IntArray) -> FloatArray:
    """Return for each root the median of the others in its group; of all others where there are too few."""
    group_count = int(groups.max(initial=0)) + 1
    sizes = np.bincount(other_groups[other_groups >= 0], minlength=group_count)
    medians = group_medians(others, other_groups, group_count)
    levels = np.append(np.where(sizes >= LEAST_ROOTS, medians, np.median(others)), np.median(others))
    result: FloatArray = levels[groups]
    return result


def interval_of_medians(values: FloatArray, groups: IntArray, is_in: BoolArray) -> Ratio:
    """Return `ratio_of_medians` with its percentile interval, roots being drawn anew on both sides.

    Source: Efron 1979, Annals of Statistics 7. The others' medians are drawn by order statistics, which is the same
    without drawing every root.
    """
    generator = np.random.default_rng(len(values))
    own, own_groups = values[is_in], groups[is_in]
    others, other_groups = values[~is_in], groups[~is_in]
    kinds, kind_of = np.unique(own_groups, return_inverse=True)
    levels = np.stack(
        [_drawn_medians(generator, _comparable(others, other_groups, int(kind))) for kind in kinds], axis=1
    )
    rows = max(1, _CELLS_AT_ONCE // len(own))
    drawn = []
    for start in range(0, RESAMPLES, rows):
        picks = generator.integers(0, len(own), size=(min(rows, RESAMPLES - start), len(own)))
        shifts = np.take_along_axis(levels[start : start + rows], kind_of[picks], axis=1)
        drawn.append(np.median(own[picks] - shifts, axis=1))
    low, high = np.quantile(np.concatenate(drawn), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Ratio(ratio_of_medians(values, groups, is_in), float(np.exp(low)), float(np.exp(high)))


def _comparable(others: FloatArray, other_groups: IntArray, kind: int) -> FloatArray:
    same = others[other_groups == kind]
    return same if kind >= 0 and len(same) >= LEAST_ROOTS else others


def _drawn_medians(generator: np.random.Generator, values: FloatArray) -> FloatArray:
    """Return RESAMPLES bootstrap medians: the middle one of n uniform draws is Beta((n + 1) / 2, (n + 1) / 2)."""
    middle = (len(values) + 1) / 2
    places = generator.beta(middle, middle, size=RESAMPLES) * len(values)
    result: FloatArray = np.sort(values)[np.minimum(places.astype(np.int64), len(values) - 1)]
    return result


def ratio_of_rates(failed: FloatArray, groups: IntArray, is_in: BoolArray) -> float:
    """Return how many times as often the slice fails as the others of its own kinds of roots.

    Shape: 1 or 0, and a group, one a root. Source: Rothman's form of Mantel and Haenszel for rates, Tarone 1981,
    Journal of Chronic Diseases 34.
    """
    counts, fails = _cells(failed, groups, is_in)
    return float(_pooled(fails[None], counts)[0])


def _cells(failed: FloatArray, groups: IntArray, is_in: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the roots, and the failed ones, of the others (0) and the slice (1) in each group."""
    width = int(groups.max(initial=0)) + 2
    cells = is_in * width + groups + 1
    counts = np.bincount(cells, minlength=2 * width).reshape(2, width).astype(np.float64)
    fails = np.bincount(cells, weights=failed, minlength=2 * width).reshape(2, width).astype(np.float64)
    return counts, fails


def _pooled(fails: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the pooled ratio of each draw of failures (draws by 2 by groups)."""
    totals = np.maximum(counts.sum(axis=0), 1)
    above = (fails[:, 1] * counts[0] / totals).sum(axis=1)
    below = (fails[:, 0] * counts[1] / totals).sum(axis=1)
    result: FloatArray = np.divide(above, below, out=np.full(len(above), np.inf), where=below > 0)
    return result


def interval_of_rates(failed: FloatArray, groups: IntArray, is_in: BoolArray) -> Ratio:
    """Return `ratio_of_rates` with its percentile interval; drawing roots anew is drawing binomial counts."""
    generator = np.random.default_rng(len(failed))
    counts, fails = _cells(failed, groups, is_in)
    rates = fails / np.maximum(counts, 1)
    drawn = generator.binomial(counts.astype(np.int64), rates, size=(RESAMPLES, *counts.shape)).astype(np.float64)
    ratios = np.sort(_pooled(drawn, counts))
    tail = int(RESAMPLES * (1 - LEVEL) / 2)
    return Ratio(float(_pooled(fails[None], counts)[0]), float(ratios[tail]), float(ratios[-1 - tail]))
