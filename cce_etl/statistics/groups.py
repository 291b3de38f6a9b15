"""Values in groups, all groups at once: order within each, quantiles, the interval of a median.

Lives here: sorted groups as one array. Does not: durations that are still going on (`survival`), what the groups are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Numbers = NDArray[np.int32] | IntArray

# The normal quantile of a two-sided 95% interval.
_Z: Final = 1.959963984540054
# Below 6 values even the interval from the smallest to the largest covers the median less often than in 95%.
_LEAST_VALUES: Final = 6
_DIGIT: Final = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class SortedGroups:
    """Hold values ordered by group, then by size; group g is values[starts[g] : starts[g] + sizes[g]]."""

    values: FloatArray
    starts: IntArray
    sizes: IntArray

    def at(self, ranks: IntArray | int) -> FloatArray:
        """Return the value of each group at a rank counted from 0; NaN where the group has no such rank."""
        is_there = (ranks >= 0) & (ranks < self.sizes)
        found = np.full(len(self.sizes), np.nan)
        found[is_there] = self.values[(self.starts + ranks)[is_there]]
        return found

    def quantiles(self, share: float) -> FloatArray:
        """Return a quantile of each group, between two values interpolated; NaN for an empty group."""
        place = (self.sizes - 1) * share
        below = np.floor(place).astype(np.int64)
        part = place - below
        low, high = self.at(below), self.at(np.minimum(below + 1, self.sizes - 1))
        return np.where(part == 0, low, low * (1 - part) + high * part)

    def means(self) -> FloatArray:
        """Return the mean of each group, NaN for an empty one; summed by rising size, so that it is always the same."""
        filled = np.flatnonzero(self.sizes)
        means = np.full(len(self.sizes), np.nan)
        if filled.size:
            means[filled] = np.add.reduceat(self.values, self.starts[filled]) / self.sizes[filled]
        return means


def sort_groups(values: FloatArray, groups: Numbers, group_count: int) -> SortedGroups:
    """Sort values by group and size."""
    by_value = np.argsort(values, kind="stable")
    order = by_value[stable_order(groups[by_value], group_count)]
    return ordered_groups(values[order], groups, group_count)


def ordered_groups(values: FloatArray, groups: Numbers, group_count: int) -> SortedGroups:
    """Take values that stand by group and size already; `groups` counts how many are in each, in any order."""
    sizes = np.bincount(groups, minlength=group_count)
    return SortedGroups(values, np.cumsum(sizes) - sizes, sizes)


def stable_order(groups: Numbers, group_count: int) -> IntArray:
    """Return the places of all values ordered by group, those of one group in the order given.

    Numbers of 16 bits are sorted by radix, in a tenth of the time; larger ones digit by digit.
    """
    if group_count <= _DIGIT:
        return np.argsort(groups.astype(np.uint16), kind="stable")
    order = np.argsort((groups % _DIGIT).astype(np.uint16), kind="stable")
    return order[stable_order((groups // _DIGIT)[order], -(-group_count // _DIGIT))]


def median_intervals(medians: SortedGroups) -> tuple[FloatArray, FloatArray]:
    """Return a 95% interval of each group's median by order statistics, NaN below 6 values.

    The lower rank is the largest with P(Binomial(n, 1/2) < rank) <= 0.025, found exactly for all n tried up to 300,000:
    the normal quantile with the continuity correction, its variance less (z^2 - 1) / 6 for lattice and kurtosis.
    """
    low = lower_ranks(medians.sizes)
    is_enough = medians.sizes >= _LEAST_VALUES
    return (
        np.where(is_enough, medians.at(low - 1), np.nan),
        np.where(is_enough, medians.at(medians.sizes - low), np.nan),
    )


def lower_ranks(counts: IntArray | Sequence[int]) -> IntArray:
    """Return the rank, counted from 1, at which the interval of the median of so many values begins."""
    sizes = np.maximum(np.asarray(counts, dtype=np.int64), 1)
    width = _Z * np.sqrt(sizes - (_Z**2 - 1) / 6)
    return np.floor((sizes + 1 - width) / 2).astype(np.int64)
