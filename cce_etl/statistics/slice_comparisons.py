"""Every slice of a sample compared with all roots outside it: over the whole window, and since its own change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from cce_etl.statistics.arrays import BoolArray, FloatArray, IntArray
from cce_etl.statistics.change_points import MIN_SEGMENT, best_splits, is_split_confirmed, penalty
from cce_etl.statistics.residuals import MIN_ROOTS, residuals, robust_deviation, winsorized
from cce_etl.statistics.significance import (
    cochran_mantel_haenszel_log_p,
    fisher_exact_log_p,
    midranks,
    rank_sum_log_p,
)
from cce_etl.statistics.slices import Partition, Sample, part_codes

# The rows of SliceComparisons: all roots, or those created since the slice's own change.
WHOLE: Final = 0
SINCE_CHANGE: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class SliceComparisons:
    """The test results of each slice in both windows.

    Attributes:
        log_p: Natural logarithms of two-sided p-values, 2 by slices. 0 where too few roots are inside or outside the
            slice, and where it has no change of its own.
        is_higher: Whether the slice's values are the higher ones, 2 by slices.
        since_ns: When each slice changed, nanoseconds since 1970-01-01 UTC; -1 without a change of its own.
    """

    log_p: FloatArray
    is_higher: BoolArray
    since_ns: IntArray


# Returns the log p-value and z of some slices, given the slice of each root, -1 for none; the number of slices; those
# that are tested; and how many roots are in each of these.
_Test = Callable[[IntArray, int, IntArray, IntArray], tuple[FloatArray, FloatArray]]


def compare_slices(sample: Sample, partitions: Sequence[Partition], is_left: BoolArray) -> SliceComparisons:
    """Compare every slice with all others among the roots that are left.

    Since a change, the p-value is multiplied by the number of dates that the change could have had (Bonferroni): the
    date was chosen by the values that are then compared.
    """
    slice_count = sum(len(one.codes) for one in partitions)
    log_p, is_higher = np.zeros((2, slice_count)), np.zeros((2, slice_count), dtype=np.bool_)
    since_ns = np.full(slice_count, -1, dtype=np.int64)
    if np.sum(is_left) >= 2 * MIN_ROOTS:
        compared = _Compared(sample, is_left)
        test, end = compared.test_from(0), 0
        for partition in partitions:
            codes = part_codes(sample.dimensions, partition)[is_left]
            here = slice(end, end := end + len(partition.codes))
            log_p[WHOLE, here], is_higher[WHOLE, here] = _apply(test, codes, partition.width, partition.codes)
            log_p[SINCE_CHANGE, here], is_higher[SINCE_CHANGE, here], since_ns[here] = compared.since_changes(
                codes, partition
            )
    return SliceComparisons(log_p, is_higher, since_ns)


def compare_since_change(sample: Sample, is_left: BoolArray, is_in: BoolArray) -> tuple[int, float, bool] | None:
    """Return when one slice changed, its log p-value since then, and whether its values are higher.

    None where permutations of the slice's roots have as great a change too often. This finds smaller changes than
    `compare_slices`, which holds each of thousands of slices to the penalty instead.
    """
    compared = _Compared(sample, is_left)
    inside = is_in[is_left]
    best = best_splits(compared.series, np.where(inside, 0, -1), 1)
    first_after = int(best.first_after[0])
    if best.gains[0] == 0 or not is_split_confirmed(compared.series[inside], int(inside[:first_after].sum())):
        return None
    since_ns = compared.midpoint_ns(int(best.last_before[0]), first_after)
    return since_ns, *compared.since(inside, since_ns)


def compare_roots(sample: Sample, values: FloatArray, is_in: BoolArray, is_other: BoolArray) -> tuple[float, bool]:
    """Return the log p-value of some roots against some others, and whether their values are higher.

    Args:
        sample: What the roots belong to.
        values: One value a root of the sample, as `compared_values` returns it.
        is_in: The roots that are compared.
        is_other: The roots that they are compared with.
    """
    both = is_in | is_other
    return _apply_to_one(_test_of(sample, values[both], sample.strata[both]), is_in[both])


def log_date_count(root_count: int) -> float:
    """Return the logarithm of the number of dates at which a slice of so many roots could have changed."""
    return float(np.log(max(1, root_count - 2 * MIN_SEGMENT + 1)))


def compared_values(sample: Sample, is_left: BoolArray) -> FloatArray:
    """Return the values that are compared of the roots that are left: residuals of durations, or failures as given."""
    values = sample.values[is_left]
    return values if sample.is_failure else residuals(values, sample.strata[is_left])


class _Compared:
    """The roots of a sample that are left, with their values made comparable."""

    def __init__(self, sample: Sample, is_left: BoolArray) -> None:
        values, strata = compared_values(sample, is_left), sample.strata[is_left]
        self.created_ns = sample.created_ns[is_left]
        self.deviation = robust_deviation(values)
        self.series = values if sample.is_failure else winsorized(values, self.deviation)
        # Many slices change between the same two roots: one test serves them all.
        self.test_from = lru_cache(maxsize=256)(lambda start: _test_of(sample, values[start:], strata[start:]))

    def since_changes(self, codes: IntArray, partition: Partition) -> tuple[FloatArray, BoolArray, IntArray]:
        """Return of each part its log p-value since its own change, whether it is higher, and since when."""
        counts = np.bincount(codes[codes >= 0], minlength=partition.width)
        best = best_splits(self.series, codes, partition.width)
        log_p, since_ns = np.zeros(partition.width), np.full(partition.width, -1, dtype=np.int64)
        is_higher = np.zeros(partition.width, dtype=np.bool_)
        has_changed = best.gains > penalty(self.deviation, counts)
        for code in np.intersect1d(np.flatnonzero(has_changed), partition.codes).tolist():
            since_ns[code] = self.midpoint_ns(best.last_before[code], best.first_after[code])
            log_p[code], is_higher[code] = self.since(codes == code, int(since_ns[code]))
        return log_p[partition.codes], is_higher[partition.codes], since_ns[partition.codes]

    def midpoint_ns(self, last_before: int, first_after: int) -> int:
        """Return the instant halfway between the creation of two roots."""
        return (int(self.created_ns[last_before]) + int(self.created_ns[first_after]) + 1) // 2

    def since(self, is_in: BoolArray, since_ns: int) -> tuple[float, bool]:
        """Return the log p-value of a slice from an instant on, and whether its values are higher."""
        start = int(np.searchsorted(self.created_ns, since_ns))
        log_p, is_higher = _apply_to_one(self.test_from(start), is_in[start:])
        return min(0.0, log_p + log_date_count(int(is_in.sum()))), is_higher


def _apply(test: _Test, codes: IntArray, width: int, parts: IntArray) -> tuple[FloatArray, BoolArray]:
    """Return the log p-value of each part, 0 where MIN_ROOTS are not inside and outside, and whether it is higher."""
    counts = np.bincount(codes[codes >= 0], minlength=width)[parts]
    is_enough = (counts >= MIN_ROOTS) & (len(codes) - counts >= MIN_ROOTS)
    log_p, is_higher = np.zeros(len(parts)), np.zeros(len(parts), dtype=np.bool_)
    if is_enough.any():
        log_p[is_enough], z = test(codes, width, parts[is_enough], counts[is_enough])
        is_higher[is_enough] = z > 0
    return log_p, is_higher


def _apply_to_one(test: _Test, is_in: BoolArray) -> tuple[float, bool]:
    """Return what `_apply` returns of a single slice."""
    log_p, is_higher = _apply(test, np.where(is_in, 0, -1), 1, np.zeros(1, dtype=np.int64))
    return float(log_p[0]), bool(is_higher[0])


def _test_of(sample: Sample, values: FloatArray, strata: IntArray) -> _Test:
    return _failure_test(values, strata) if sample.is_failure else _duration_test(values)


def _duration_test(values: FloatArray) -> _Test:
    """Return the rank-sum test of slices among roots of these residuals."""
    ranks, tie_sum = midranks(values)

    def test(codes: IntArray, width: int, parts: IntArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
        inside = codes >= 0
        return rank_sum_log_p(_sums(codes[inside], ranks[inside], width)[parts], counts, len(ranks), tie_sum)

    return test


def _failure_test(values: FloatArray, strata: IntArray) -> _Test:
    """Return the test of slices among roots of which some failed: the larger p-value of Fisher's and within strata.

    A root with four nodes has four chances to fail on one. Fisher's test alone finds that in every fleet.
    """
    columns = strata + 1
    column_count = int(columns.max(initial=0)) + 1
    stratum_counts = np.bincount(columns, minlength=column_count)
    stratum_failed = _sums(columns, values, column_count)

    def test(codes: IntArray, width: int, parts: IntArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
        inside = codes >= 0
        cells, cell_count = codes[inside] * column_count + columns[inside], width * column_count
        cell_counts = np.bincount(cells, minlength=cell_count).reshape(-1, column_count)[parts]
        cell_failed = _sums(cells, values[inside], cell_count).reshape(-1, column_count)[parts]
        failed = np.rint(cell_failed.sum(axis=1)).astype(np.int64)
        exact = fisher_exact_log_p(failed, counts, int(values.sum()), len(values))
        within, z = cochran_mantel_haenszel_log_p(cell_failed, cell_counts, stratum_failed, stratum_counts)
        return np.maximum(exact, within) if np.sum(stratum_counts > 0) > 1 else exact, z

    return test


def _sums(groups: IntArray, values: FloatArray, group_count: int) -> FloatArray:
    return np.asarray(np.bincount(groups, weights=values, minlength=group_count), dtype=np.float64)
