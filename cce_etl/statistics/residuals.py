"""Log durations without what comparable roots have in common: strata, residuals, and robust measures of their noise."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from cce_etl.statistics.arrays import FloatArray, IntArray
from cce_etl.statistics.groups import sort_groups

# A median of fewer roots would follow the slow roots that it should reveal: of 5 roots, 3 slow ones would be the norm.
MIN_ROOTS: Final = 10
# Of a normal distribution: standard deviation over median absolute deviation.
_NORMAL_MAD: Final = 1.482602218505602
# Log durations have heavy tails; a value further out counts as this far out.
MAX_DEVIATIONS: Final = 4.0


def strata(levels: Sequence[IntArray]) -> IntArray:
    """Return the stratum of each root: its code at the first level where MIN_ROOTS roots share it, else -1.

    Args:
        levels: One code a root at each level, from fine to coarse; -1 is none.
    """
    found: IntArray = np.full(len(levels[0]), -1, dtype=np.int64)
    code_count = 0
    for codes in levels:
        sizes = np.bincount(codes[codes >= 0], minlength=1)
        fits = (found < 0) & (codes >= 0) & (sizes[codes] >= MIN_ROOTS)
        found[fits] = codes[fits] + code_count
        code_count += len(sizes)
    return found


def reference_medians(reference: FloatArray, reference_strata: IntArray, root_strata: IntArray) -> FloatArray:
    """Return for each root the median of the reference values of its stratum, or of all where these are too few.

    Too few are less than MIN_ROOTS; roots of stratum -1 take the median of all.

    Args:
        reference: Values of the roots that the medians are taken of.
        reference_strata: The stratum of each of these.
        root_strata: The strata of the roots for which a median is returned.
    """
    groups = sort_groups(reference, reference_strata, int(root_strata.max(initial=0)) + 1)
    overall = np.median(reference)
    medians = np.append(np.where(groups.sizes >= MIN_ROOTS, groups.quantiles(0.5), overall), overall)
    result: FloatArray = medians[root_strata]
    return result


def residuals(values: FloatArray, root_strata: IntArray) -> FloatArray:
    """Return each value less the median of its stratum, as `reference_medians` defines it."""
    return values - reference_medians(values, root_strata, root_strata) if len(values) else values


def robust_deviation(values: FloatArray) -> float:
    """Return a standard deviation that a few outliers do not move.

    It is the median absolute deviation, scaled as for a normal distribution (Hampel 1974, Journal of the American
    Statistical Association 69), or the plain standard deviation where that is 0 because over half of the values are
    equal.
    """
    if len(values) == 0:
        return 0.0
    robust = float(_NORMAL_MAD * np.median(np.abs(values - np.median(values))))
    return robust if robust > 0 else float(np.std(values))


def noise_deviation(values: FloatArray) -> float:
    """Return the standard deviation of the noise around a level that may change over time.

    It is taken of the differences of neighbours, on which a change of level hardly tells (Rice 1984, Annals of
    Statistics 12).
    """
    return robust_deviation(np.diff(values)) / float(np.sqrt(2.0)) if len(values) >= 3 else 0.0


def winsorized(values: FloatArray, deviation: float) -> FloatArray:
    """Return the values, those further than MAX_DEVIATIONS deviations from their median moved in to there."""
    middle = np.median(values) if len(values) else 0.0
    return np.clip(values, middle - MAX_DEVIATIONS * deviation, middle + MAX_DEVIATIONS * deviation)
