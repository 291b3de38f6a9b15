"""When a level changed: in one series of roots in time order.

Lives here: finding the changes of a series, confirming each. Does not: the best split of many slices (`splits`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.comparisons import average_ranks, rank_sum_log_p
from cce_etl.statistics.residuals import clipped, spread_of_differences

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEAST_SEGMENT: Final = 7
PENALTY_FACTOR: Final = 4.0
PERMUTATIONS: Final = 999
CONFIRMED_BELOW: Final = 0.01
_CELLS_AT_ONCE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """Hold a change of level: the segments [start, split) and [split, end) of a series, in roots, and its p-value."""

    start: int
    split: int
    end: int
    p_value: float


def penalty(noise: float, counts: IntArray) -> FloatArray:
    """Return what a change must explain of series of so many values, in squared units of the values."""
    result: FloatArray = PENALTY_FACTOR * noise**2 * np.log(np.maximum(counts, 2))
    return result


def changes(values: FloatArray) -> list[Change]:
    """Return the confirmed changes of level of a series, earliest first.

    Shape: one value a root, in time order. The p-value is the normal limit of the permutations of ranks over the two
    segments, times the places the change could have been at: counted permutations end at 1 in 1,000, too coarse to be
    one of many comparisons. Source: Celisse et al. 2018, Computational Statistics and Data Analysis 128.
    """
    noise = spread_of_differences(values)
    if len(values) < 2 * LEAST_SEGMENT or noise == 0:
        return []
    tame = clipped(values, noise)
    bounds = [0, *_breaks(tame, float(penalty(noise, np.array(len(values)))))]
    found = []
    for start, split, end in zip(bounds, bounds[1:], bounds[2:], strict=False):
        if permutation_p(tame[start:end], split - start) <= CONFIRMED_BELOW:
            found.append(Change(start, split, end, _rank_p(values, start, split, end)))
    return found


def permutation_p(values: FloatArray, split: int) -> float:
    """Return how often shuffled values differ as much between any two parts as these do between theirs."""
    seen = _greatest_step(values[None, :], np.array([split]))[0]
    generator = np.random.default_rng(len(values))
    rows = max(1, _CELLS_AT_ONCE // len(values))
    splits = np.arange(LEAST_SEGMENT, len(values) - LEAST_SEGMENT + 1)
    as_great = 0
    for start in range(0, PERMUTATIONS, rows):
        count = min(rows, PERMUTATIONS - start)
        shuffled = generator.permuted(np.broadcast_to(values, (count, len(values))), axis=1)
        as_great += int(np.sum(_greatest_step(shuffled, splits) >= seen * (1 - 1e-12)))
    return (1 + as_great) / (1 + PERMUTATIONS)


def _breaks(values: FloatArray, cost: float) -> list[int]:
    """Return the ends of the segments, the last being the end of the series."""
    from ruptures import KernelCPD  # type: ignore[import-untyped]

    detector = KernelCPD(kernel="linear", min_size=LEAST_SEGMENT).fit(values[:, None])
    return [int(end) for end in detector.predict(pen=cost)]


def _rank_p(values: FloatArray, start: int, split: int, end: int) -> float:
    ranks, ties = average_ranks(values[start:end])
    count = np.array([end - split], dtype=np.int64)
    log_p, _ = rank_sum_log_p(np.array([ranks[split - start :].sum()]), count, end - start, ties)
    return float(min(1.0, np.exp(log_p[0]) * len(values)))


def _greatest_step(rows: FloatArray, splits: IntArray) -> FloatArray:
    """Return, for each row, the most that a split at one of the places explains of its squares."""
    count = rows.shape[1]
    sums = np.cumsum(rows, axis=1)
    means = sums[:, -1:] / count
    excess = sums[:, splits - 1] - splits * means
    greatest: FloatArray = np.max(excess**2 * count / (splits * (count - splits)), axis=1)
    return greatest
