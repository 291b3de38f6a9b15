"""Every slice of a sample compared with all other roots: over the whole window, and after its own change.

Lives here: the p-values of all slices. Does not: which slices there are (`slices`), choosing among them (`cohorts`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.change_points import LEAST_SEGMENT, is_confirmed, penalty
from cce_etl.statistics.residuals import LEAST_ROOTS, clipped, residuals, spread
from cce_etl.statistics.significance import average_ranks, fisher_log_p, rank_sum_log_p, stratified_log_p
from cce_etl.statistics.slices import Partition, Sample, codes_of
from cce_etl.statistics.splits import best_splits

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

WHOLE: Final = 0
AFTER: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Hold what became of each slice over the two windows, WHOLE and AFTER its own change.

    Shape: `log_p` and `is_higher` are 2 by slices; `since_ns` is one a slice, -1 without a change of its own.
    """

    log_p: FloatArray
    is_higher: BoolArray
    since_ns: IntArray


# The log p-value of each part of a partition, and whether it is higher; 1 where too few roots are in it or outside.
_Judge = Callable[[IntArray, Partition], tuple[FloatArray, BoolArray]]
# Roots in a slice have the code 0, all others -1.
_ALONE: Final = Partition((), 1, np.zeros(1, dtype=np.int64))


def compare(sample: Sample, parts: Sequence[Partition], is_left: BoolArray) -> Comparisons:
    """Compare every slice with all others among the roots that are left.

    A slice that has too few roots left, or no change of its own, has the p-value 1 there. After a change the p-value is
    multiplied by the number of dates the change could have been at: the date was chosen by the very data that are then
    compared, and whatever date is chosen, its p-value is no smaller than the least of them all (Bonferroni).
    """
    slice_count = sum(len(one.codes) for one in parts)
    log_p, is_higher = np.zeros((2, slice_count)), np.zeros((2, slice_count), dtype=np.bool_)
    since_ns = np.full(slice_count, -1, dtype=np.int64)
    if np.sum(is_left) < 2 * LEAST_ROOTS:
        return Comparisons(log_p, is_higher, since_ns)
    values = compared_values(sample, is_left)
    groups = sample.groups[is_left]
    judge = _judge(sample, values, groups)
    after = _After(sample, values, groups, sample.created_ns[is_left])
    done = 0
    for partition in parts:
        codes = codes_of(sample.dimensions, partition)[is_left]
        here = slice(done, done := done + len(partition.codes))
        log_p[WHOLE, here], is_higher[WHOLE, here] = judge(codes, partition)
        log_p[AFTER, here], is_higher[AFTER, here], since_ns[here] = after.judge_all(codes, partition)
    return Comparisons(log_p, is_higher, since_ns)


def _judge(sample: Sample, values: FloatArray, groups: IntArray) -> _Judge:
    return _by_counts(values, groups) if sample.is_failure else _by_ranks(values)


def _by_ranks(values: FloatArray) -> _Judge:
    ranks, ties = average_ranks(values)

    def judge(codes: IntArray, partition: Partition) -> tuple[FloatArray, BoolArray]:
        counts, is_wide = _sizes(codes, partition)
        sums = _sums(codes[codes >= 0], ranks[codes >= 0], partition.width)[partition.codes]
        log_p, is_higher = np.zeros(len(counts)), np.zeros(len(counts), dtype=np.bool_)
        if is_wide.any():
            log_p[is_wide], z = rank_sum_log_p(sums[is_wide], counts[is_wide], len(ranks), ties)
            is_higher[is_wide] = z > 0
        return log_p, is_higher

    return judge


def _by_counts(values: FloatArray, groups: IntArray) -> _Judge:
    """Return a judge of failures; the larger of two p-values counts, over all roots and within kinds of roots.

    A root with four nodes has four chances to fail on one. Fisher's test alone finds that in every fleet.
    """
    strata = groups + 1
    width = int(strata.max(initial=0)) + 1
    of_strata, failed_of_strata = np.bincount(strata, minlength=width), _sums(strata, values, width)

    def judge(codes: IntArray, partition: Partition) -> tuple[FloatArray, BoolArray]:
        counts, is_wide = _sizes(codes, partition)
        log_p, is_higher = np.zeros(len(counts)), np.zeros(len(counts), dtype=np.bool_)
        if not is_wide.any():
            return log_p, is_higher
        inside = codes >= 0
        cells = codes[inside] * width + strata[inside]
        picked = partition.codes[is_wide]
        sizes = np.bincount(cells, minlength=partition.width * width).reshape(-1, width)[picked]
        failed = _sums(cells, values[inside], partition.width * width).reshape(-1, width)[picked]
        own = np.rint(failed.sum(axis=1)).astype(np.int64)
        log_p[is_wide] = fisher_log_p(own, counts[is_wide], int(values.sum()), len(values))
        within, z = stratified_log_p(failed, sizes, failed_of_strata, of_strata)
        is_higher[is_wide] = z > 0
        if np.sum(of_strata > 0) > 1:
            log_p = np.maximum(log_p, _placed(within, is_wide))
        return log_p, is_higher

    return judge


def _placed(values: FloatArray, is_there: BoolArray) -> FloatArray:
    result = np.zeros(len(is_there))
    result[is_there] = values
    return result


def _sums(places: IntArray, values: FloatArray, width: int) -> FloatArray:
    return np.asarray(np.bincount(places, weights=values, minlength=width), dtype=np.float64)


def _sizes(codes: IntArray, partition: Partition) -> tuple[IntArray, BoolArray]:
    counts = np.bincount(codes[codes >= 0], minlength=partition.width)[partition.codes]
    return counts, np.asarray((counts >= LEAST_ROOTS) & (len(codes) - counts >= LEAST_ROOTS))


def own_change(sample: Sample, is_left: BoolArray, is_in: BoolArray) -> tuple[int, float, bool] | None:
    """Return since when one slice has changed, its log p-value from then on, and whether it is higher.

    None when shuffling the slice's roots gives as great a change too often. This sees smaller changes than `compare`
    does, where each of thousands of slices must pass by the penalty.
    """
    values = compared_values(sample, is_left)
    after = _After(sample, values, sample.groups[is_left], sample.created_ns[is_left])
    inside = is_in[is_left]
    gains, last_before, first_after = best_splits(after.tame, np.where(inside, 0, -1), 1)
    if gains[0] == 0:
        return None
    split = int(inside[: first_after[0]].sum())
    if not is_confirmed(after.tame[inside], split):
        return None
    since_ns = after.between(int(last_before[0]), int(first_after[0]))
    return since_ns, *after.judge(inside, since_ns)


def compare_two(sample: Sample, values: FloatArray, is_in: BoolArray, is_other: BoolArray) -> tuple[float, bool]:
    """Return the log p-value of some roots against some others, and whether they are higher; 1 for too few of either.

    Shape: `values` are one a root of the sample, as `compared_values` makes them.
    """
    both = is_in | is_other
    log_p, is_higher = _judge(sample, values[both], sample.groups[both])(np.where(is_in[both], 0, -1), _ALONE)
    return float(log_p[0]), bool(is_higher[0])


def log_dates(root_count: int) -> float:
    """Return the logarithm of the number of places at which a slice of so many roots could have changed."""
    return float(np.log(max(1, root_count - 2 * LEAST_SEGMENT + 1)))


def compared_values(sample: Sample, is_left: BoolArray) -> FloatArray:
    """Return what is compared of the roots that are left: residuals, or failures as they are."""
    values = sample.values[is_left]
    return values if sample.is_failure else residuals(values, sample.groups[is_left])


class _After:
    """Compare slices after their own changes; what is known after one date serves all slices that changed at it."""

    def __init__(self, sample: Sample, values: FloatArray, groups: IntArray, times: IntArray) -> None:
        self.values, self.times = values, times
        self.noise = spread(values)
        self.tame = values if sample.is_failure else clipped(values, self.noise)
        self.judge_from = lru_cache(maxsize=256)(lambda start: _judge(sample, values[start:], groups[start:]))

    def judge_all(self, codes: IntArray, partition: Partition) -> tuple[FloatArray, BoolArray, IntArray]:
        """Return the log p-value of each slice of a partition, whether it is higher, and since when."""
        counts = np.bincount(codes[codes >= 0], minlength=partition.width)
        gains, last_before, first_after = best_splits(self.tame, codes, partition.width)
        log_p, since_ns = np.zeros(partition.width), np.full(partition.width, -1, dtype=np.int64)
        is_higher = np.zeros(partition.width, dtype=np.bool_)
        is_changed = gains > penalty(self.noise, counts)
        for code in np.intersect1d(np.flatnonzero(is_changed), partition.codes).tolist():
            since_ns[code] = self.between(last_before[code], first_after[code])
            log_p[code], is_higher[code] = self.judge(codes == code, int(since_ns[code]))
        return log_p[partition.codes], is_higher[partition.codes], since_ns[partition.codes]

    def between(self, last_before: int, first_after: int) -> int:
        """Return the midpoint between two roots, in nanoseconds."""
        return (int(self.times[last_before]) + int(self.times[first_after]) + 1) // 2

    def judge(self, is_in: BoolArray, since_ns: int) -> tuple[float, bool]:
        """Return the log p-value of a slice from then on, and whether it is higher."""
        start = int(np.searchsorted(self.times, since_ns))
        log_p, is_higher = self.judge_from(start)(np.where(is_in[start:], 0, -1), _ALONE)
        return min(0.0, float(log_p[0]) + log_dates(int(is_in.sum()))), bool(is_higher[0])
