"""What is left of a duration once its kind is taken off: like with like.

Lives here: groups of roots that are alike, residuals, robust spread. Does not: comparing anything (`comparisons`).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# A median over fewer roots follows what it should reveal: of 5 roots, 3 slow ones would be its usual ones.
LEAST_ROOTS: Final = 10
# Of a normal distribution: standard deviation over median absolute deviation.
_NORMAL_MAD: Final = 1.482602218505602
# Log durations have heavy tails; what lies further out counts as this far out.
CLIP_SPREADS: Final = 4.0


def alike(levels: Sequence[IntArray]) -> IntArray:
    """Return the group of each root: its code on the first level that LEAST_ROOTS share, else -1.

    Shape: `levels` are columns of codes from fine to coarse; -1 is none.
    """
    groups: IntArray = np.full(len(levels[0]), -1, dtype=np.int64)
    taken = 0
    for codes in levels:
        sizes = np.bincount(codes[codes >= 0], minlength=1)
        fits = (groups < 0) & (codes >= 0) & (sizes[codes] >= LEAST_ROOTS)
        groups[fits] = codes[fits] + taken
        taken += len(sizes)
    return groups


def by_group(groups: IntArray) -> IntArray:
    """Return the places of all values ordered by group, those of one group in the order given.

    Numbers of 16 bits are sorted by radix, in a tenth of the time.
    """
    is_narrow = len(groups) > 0 and int(groups.max()) <= np.iinfo(np.int16).max
    return np.argsort(groups.astype(np.int16) if is_narrow else groups, kind="stable")


def group_medians(values: FloatArray, groups: IntArray, group_count: int) -> FloatArray:
    """Return the median of each group's values; NaN for a group without any.

    Shape: `group_count` medians; values of group -1 are in none.
    """
    by_value = np.argsort(values, kind="stable")  # at once where they stand in order, as most do
    order = by_value[by_group(groups[by_value])]
    order = order[groups[order] >= 0]
    sizes = np.bincount(groups[order], minlength=group_count)[:group_count]
    ends = np.cumsum(sizes)
    ordered = np.append(values[order], np.nan)
    lower = np.where(sizes > 0, ends - sizes + (sizes - 1) // 2, len(order))
    upper = np.where(sizes > 0, ends - sizes + sizes // 2, len(order))
    medians: FloatArray = (ordered[lower] + ordered[upper]) / 2
    return medians


def residuals(values: FloatArray, groups: IntArray) -> FloatArray:
    """Return each value less the median of its group; one without a group less the median of all.

    A group that lost most of its roots (fewer than LEAST_ROOTS left) is compared with all, too.
    """
    if len(values) == 0:
        return values
    group_count = int(groups.max(initial=0)) + 1
    medians = group_medians(values, groups, group_count)
    sizes = np.bincount(groups[groups >= 0], minlength=group_count)
    medians = np.append(np.where(sizes >= LEAST_ROOTS, medians, np.median(values)), np.median(values))
    return values - medians[groups]


def spread(values: FloatArray) -> float:
    """Return a standard deviation that a few outliers do not move: by median absolute deviation.

    Where over half the values are equal that is 0; then the plain one is returned.
    """
    if len(values) == 0:
        return 0.0
    robust = float(_NORMAL_MAD * np.median(np.abs(values - np.median(values))))
    return robust if robust > 0 else float(np.std(values))


def spread_of_differences(values: FloatArray) -> float:
    """Return the standard deviation of the noise around a level that may change, from neighbours' differences."""
    if len(values) < 3:
        return 0.0
    return spread(np.diff(values)) / float(np.sqrt(2.0))


def clipped(values: FloatArray, noise: float) -> FloatArray:
    """Return the values, none further than CLIP_SPREADS of the noise from their median."""
    middle = np.median(values) if len(values) else 0.0
    return np.clip(values, middle - CLIP_SPREADS * noise, middle + CLIP_SPREADS * noise)
