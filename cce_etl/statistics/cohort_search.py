"""The search for the slices that explain slow or failing roots: one at a time, each among the roots that remain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cce_etl.statistics.arrays import BoolArray, FloatArray
from cce_etl.statistics.ratios import (
    Ratio,
    duration_ratio,
    duration_ratio_interval,
    failure_ratio,
    failure_ratio_interval,
)
from cce_etl.statistics.significance import benjamini_hochberg
from cce_etl.statistics.slice_comparisons import (
    SINCE_CHANGE,
    compare_roots,
    compare_since_change,
    compare_slices,
    compared_values,
    log_date_count,
)
from cce_etl.statistics.slices import Partition, Sample, Slice, part_codes, slice_values, slices_of

MAX_Q_VALUE: Final = 0.01
MIN_RATIO: Final = 1.2
# Of one step type's durations, or failures. Each costs a comparison of all slices with the roots left: where 10,000
# roots differed in everything, 2,821 findings took 78 seconds, and nobody reads the two hundredth of a step type.
MAX_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """A slice whose roots take longer or fail more often than the others.

    Attributes:
        sample: The position of the sample in which it was found.
        slice: The slice.
        since_ns: Since when, nanoseconds since 1970-01-01 UTC; None for the whole window.
        is_in: Which roots of the sample are in it, of those compared.
        is_other: Which roots of the sample these are compared with.
        ratio: How many times as long, or as often.
        p_value: Two-sided, of the test that found it.
        q_value: Its false discovery rate among all tests of all samples.
    """

    sample: int
    slice: Slice
    since_ns: int | None
    is_in: BoolArray
    is_other: BoolArray
    ratio: Ratio
    p_value: float
    q_value: float


def find_cohorts(
    samples: Sequence[tuple[Sample, list[Partition]]], other_p_values: FloatArray
) -> tuple[list[Cohort], FloatArray]:
    """Return the cohorts, most significant first, and the q-values of the other p-values.

    All tests are one family of the Benjamini-Hochberg procedure: every slice of every sample in both windows, and
    those whose p-values are given.

    Args:
        samples: Each sample with the partitions whose slices are compared.
        other_p_values: P-values of tests outside of this search.
    """
    searches = [_SampleSearch(sample, partitions) for sample, partitions in samples]
    cohorts: list[Cohort] = []
    while True:
        p_values = [other_p_values, *(np.exp(search.family_log_p) for search in searches)]
        q_values = benjamini_hochberg(np.concatenate(p_values))
        log_p, sample, test = min(
            (
                (float(search.log_p.min()), number, int(search.log_p.argmin()))
                for number, search in enumerate(searches)
                if len(search.log_p) and len(search.found_log_p) < MAX_FINDINGS
            ),
            default=(0.0, 0, 0),
        )
        q_value = float(q_values[sum(len(one) for one in p_values[: sample + 1]) + test]) if log_p < 0 else 1.0
        if q_value >= MAX_Q_VALUE:
            return cohorts, q_values[: len(other_p_values)]
        since_ns, is_in, is_other = searches[sample].sides_since_change(test)
        cohorts.append(
            Cohort(
                sample=sample,
                slice=searches[sample].slice_of(test),
                since_ns=since_ns,
                is_in=is_in,
                is_other=is_other,
                ratio=searches[sample].interval(is_in, is_other),
                p_value=float(np.exp(log_p)),
                q_value=q_value,
            )
        )
        searches[sample].remove(test)


class _SampleSearch:
    """The state of the search in one sample: the roots that are left, and the tests of all slices among them.

    Tests are numbered through both windows: test number window * len(slices) + slice.

    Attributes:
        log_p: The log p-value of each test that could be a finding now; 0 of all others.
        found_log_p: The log p-values of the findings, by test.
        family_log_p: The log p-value of each test in the family. A test that could be no finding stays in it with
            p-value 1: otherwise many small but certain differences, such as those between hours, would let doubtful
            ones pass.
    """

    def __init__(self, sample: Sample, partitions: list[Partition]) -> None:
        self.sample, self.partitions = sample, partitions
        self.slices = list(slices_of(partitions))
        self.values = sample.values.copy()
        # Medians are taken of thousands of subsets: after sorting once, the values of each are in order.
        self.order = np.argsort(sample.values)
        self.is_left = np.ones(len(sample.values), dtype=np.bool_)
        self.found_log_p: dict[int, float] = {}
        self._compare()

    def _compare(self) -> None:
        self.values[self.is_left] = compared_values(self.sample, self.is_left)
        self.comparisons = compare_slices(self.sample, self.partitions, self.is_left)
        self.log_p = np.zeros(2 * len(self.slices))
        log_p = np.where(self.comparisons.is_higher, self.comparisons.log_p, 0.0).reshape(-1)
        for test in np.flatnonzero(log_p <= np.log(MAX_Q_VALUE)).tolist():
            if self._ratio(*self._sides(test)) >= MIN_RATIO and self._is_irreducible(test):
                self.log_p[test] = log_p[test]
        self.family_log_p = self.log_p.copy()
        self.family_log_p[list(self.found_log_p)] = list(self.found_log_p.values())

    def slice_of(self, test: int) -> Slice:
        """Return the slice of a test."""
        return self.slices[test % len(self.slices)]

    def _members(self, test: int) -> BoolArray:
        one = self.slice_of(test)
        is_in = part_codes(self.sample.dimensions, one.partition) == one.code
        return np.asarray(is_in & self.is_left)

    def _sides(self, test: int) -> tuple[BoolArray, BoolArray]:
        """Return which roots are inside and outside the slice of a test, of those left and in its window."""
        window, number = divmod(test, len(self.slices))
        return self._sides_since(test, int(self.comparisons.since_ns[number]) if window == SINCE_CHANGE else None)

    def _sides_since(self, test: int, since_ns: int | None) -> tuple[BoolArray, BoolArray]:
        is_in, is_compared = self._members(test), self.is_left
        if since_ns is not None:
            is_compared = is_compared & (self.sample.created_ns >= since_ns)
        return is_in & is_compared, ~is_in & is_compared

    def _ratio(self, is_in: BoolArray, is_other: BoolArray) -> float:
        ratio = failure_ratio if self.sample.is_failure else duration_ratio
        roots = self.order[(is_in | is_other)[self.order]]
        return ratio(self.sample.values[roots], self.sample.strata[roots], is_in[roots])

    def _is_irreducible(self, test: int) -> bool:
        """Return whether a pair stands out against the rest of either of its values; a single value always does.

        Otherwise a value with a small but certain difference, such as an hour of heavy load, would be reported as a
        pair that exceeds it by chance: in 3 of 40 fleets when each pair was tested at 1%, so the level is 1% for all
        slices of the sample together.
        """
        values = slice_values(self.sample.dimensions, self.slice_of(test))
        if len(values) == 1:
            return True
        is_in, is_other = self._sides(test)
        log_dates = log_date_count(int(self._members(test).sum())) if test >= len(self.slices) else 0.0
        max_log_p = np.log(MAX_Q_VALUE / len(self.slices)) - log_dates
        for dimension, code in values:
            rest = is_other & (self.sample.dimensions[dimension].codes == code)
            log_p, is_higher = compare_roots(self.sample, self.values, is_in, rest)
            if not is_higher or log_p > max_log_p or self._ratio(is_in, rest) < MIN_RATIO:
                return False
        return True

    def sides_since_change(self, test: int) -> tuple[int | None, BoolArray, BoolArray]:
        """Return since when the slice of a test is higher, None for the whole window, and its two sides since then.

        Over the whole window a slice that changed is a mixture, whose ratio describes neither of its parts.
        """
        change = compare_since_change(self.sample, self.is_left, self._members(test))
        if change is not None:
            since_ns, log_p, is_higher = change
            sides = self._sides_since(test, since_ns)
            if is_higher and log_p <= np.log(MAX_Q_VALUE) and self._ratio(*sides) >= MIN_RATIO:
                return since_ns, *sides
        return None, *self._sides_since(test, None)

    def interval(self, is_in: BoolArray, is_other: BoolArray) -> Ratio:
        """Return the ratio of two sides with its interval."""
        interval = failure_ratio_interval if self.sample.is_failure else duration_ratio_interval
        both = is_in | is_other
        return interval(self.sample.values[both], self.sample.strata[both], is_in[both])

    def remove(self, test: int) -> None:
        """Remove the roots of a finding, and compare those that remain anew."""
        self.found_log_p[test] = float(self.log_p[test])
        self.is_left &= ~self._members(test)
        self._compare()
