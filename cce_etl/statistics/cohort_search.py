"""Which slices explain what: chosen one by one, each on the roots that those before it leave.

Lives here: the search, and the one family of all comparisons. Does not: p-values (`windows`), ratios (`ratios`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.false_discovery import q_values
from cce_etl.statistics.ratios import Ratio, interval_of_medians, interval_of_rates, ratio_of_medians, ratio_of_rates
from cce_etl.statistics.slices import Partition, Sample, Slice, codes_of, singles_within, slices_of, words_of
from cce_etl.statistics.windows import (
    AFTER,
    WHOLE,
    Comparisons,
    compare,
    compare_two,
    compared_values,
    log_dates,
    own_change,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

FINDING_BELOW: Final = 0.01
LEAST_RATIO: Final = 1.2
# Of one step type's durations, or failures; each costs a comparison of all slices with the roots left: where 10,000
# roots differed in everything, 2,821 findings took 78 seconds, and nobody reads the two hundredth of a step type.
MOST_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Hold one finding: the sample's place, the roots in the slice and those it was compared with, and the figures."""

    sample: int
    dimensions: list[str]
    values: list[str]
    since_ns: int | None
    is_in: BoolArray
    is_other: BoolArray
    ratio: Ratio
    p_value: float
    q_value: float


class _Search:
    """Hold one sample while it is searched: the roots left, and the log p-value of each comparison.

    `log_p` is 2 by slices. A comparison that could be no finding keeps its place in the family with the p-value 1, so
    that many small but certain differences, such as those between hours, do not let doubtful ones pass.
    """

    def __init__(self, sample: Sample, parts: list[Partition]) -> None:
        self.sample, self.parts = sample, parts
        self.slices: list[Slice] = list(slices_of(parts))
        self.values = sample.values.copy()
        # Medians are taken of thousands of subsets: sorted once, each of them stands in order.
        self.order = np.argsort(sample.values)
        self.is_left = np.ones(len(sample.values), dtype=np.bool_)
        self.taken: dict[int, float] = {}
        self.compare()

    def compare(self) -> None:
        """Compare all slices anew on the roots left."""
        self.values[self.is_left] = compared_values(self.sample, self.is_left)
        self.comparisons: Comparisons = compare(self.sample, self.parts, self.is_left)
        self.log_p = np.zeros(2 * len(self.slices))
        raw = np.where(self.comparisons.is_higher, self.comparisons.log_p, 0.0).reshape(-1)
        for place in np.flatnonzero(raw <= np.log(FINDING_BELOW)).tolist():
            if self.ratio(place) >= LEAST_RATIO and self.is_irreducible(place):
                self.log_p[place] = raw[place]
        self.family = self.log_p.copy()
        for place, log_p in self.taken.items():
            self.family[place] = log_p

    def sides(self, place: int) -> tuple[BoolArray, BoolArray]:
        """Return the roots inside and outside the slice of a comparison, of those left, in its window."""
        window, number = divmod(place, len(self.slices))
        is_in, counted = self._members(place), self.is_left
        if window == AFTER:
            counted = counted & (self.sample.created_ns >= self.comparisons.since_ns[number])
        return is_in & counted, ~is_in & counted

    def _members(self, place: int) -> BoolArray:
        one = self.slices[place % len(self.slices)]
        is_in = codes_of(self.sample.dimensions, one.partition) == one.code
        return np.asarray(is_in & self.is_left)

    def ratio(self, place: int) -> float:
        """Return how many times as long or as often the slice of a comparison takes or fails."""
        return self._ratio(*self.sides(place))

    def _ratio(self, is_in: BoolArray, is_other: BoolArray) -> float:
        ratio = ratio_of_rates if self.sample.is_failure else ratio_of_medians
        places = self.order[(is_in | is_other)[self.order]]
        return ratio(self.sample.values[places], self.sample.groups[places], is_in[places])

    def is_irreducible(self, place: int) -> bool:
        """Tell whether a pair stands out against the rest of either of its values; a single value always does.

        Else a value that makes a small but certain difference, such as an hour of heavy load, would be reported as its
        pair with whatever chance has put on top of it: in 3 of 40 fleets when 1 % was enough for each pair, so it is
        enough for all slices of the step type together.
        """
        is_in, is_other = self.sides(place)
        searched = log_dates(int(self._members(place).sum())) if place >= len(self.slices) else 0.0
        enough = np.log(FINDING_BELOW / len(self.slices)) - searched
        for dimension, code in singles_within(self.slices[place % len(self.slices)], self.sample.dimensions):
            rest = is_other & (self.sample.dimensions[dimension].codes == code)
            log_p, is_higher = compare_two(self.sample, self.values, is_in, rest)
            if not is_higher or log_p > enough or self._ratio(is_in, rest) < LEAST_RATIO:
                return False
        return True

    def interval(self, is_in: BoolArray, is_other: BoolArray) -> Ratio:
        """Return that ratio with its interval."""
        interval = interval_of_rates if self.sample.is_failure else interval_of_medians
        both = is_in | is_other
        return interval(self.sample.values[both], self.sample.groups[both], is_in[both])

    def change(self, place: int) -> int | None:
        """Return since when the slice of a comparison is slow or fails, if it changed and is higher ever since.

        Over the whole window such a slice is a mixture, and its ratio says nothing of either part.
        """
        number = place % len(self.slices)
        found = own_change(self.sample, self.is_left, self._members(place))
        if found is None:
            return None
        since_ns, log_p, is_higher = found
        self.comparisons.since_ns[number] = since_ns
        is_slow = is_higher and log_p <= np.log(FINDING_BELOW)
        return since_ns if is_slow and self.ratio(number + AFTER * len(self.slices)) >= LEAST_RATIO else None

    def take(self, place: int) -> None:
        """Take the slice of a comparison away, and compare the rest anew."""
        self.taken[place] = float(self.log_p[place])
        self.is_left &= ~self._members(place)
        self.compare()


def find_cohorts(
    samples: Sequence[tuple[Sample, list[Partition]]], other_p_values: FloatArray
) -> tuple[list[Cohort], FloatArray]:
    """Return the findings, clearest first, and the q-values of the p-values given beside them.

    One family (Benjamini and Hochberg): every slice of every sample in both windows, and `other_p_values`.
    """
    searches = [_Search(sample, parts) for sample, parts in samples]
    found: list[Cohort] = []
    while True:
        family = np.concatenate([other_p_values, *(np.exp(search.family) for search in searches)])
        q = q_values(family)
        best = _clearest(searches)
        if best is None:
            break
        number, place = best
        cohort = _cohort(searches, number, place, q, len(other_p_values))
        if cohort is None:
            break
        found.append(cohort)
    return found, q[: len(other_p_values)]


def _clearest(searches: Sequence[_Search]) -> tuple[int, int] | None:
    candidates = [
        (float(search.log_p.min()), number, int(search.log_p.argmin()))
        for number, search in enumerate(searches)
        if len(search.log_p) and len(search.taken) < MOST_FINDINGS
    ]
    log_p, number, place = min(candidates, default=(0.0, 0, 0))
    return (number, place) if log_p < 0 else None


def _cohort(searches: Sequence[_Search], number: int, place: int, q: FloatArray, offset: int) -> Cohort | None:
    """Return the finding at a comparison and take its slice away; None when it is none."""
    search = searches[number]
    start = offset + sum(len(one.log_p) for one in searches[:number])
    if q[start + place] >= FINDING_BELOW:
        return None
    found_p, found_q = float(np.exp(search.log_p[place])), float(q[start + place])
    since_ns = search.change(place)
    slice_number = place % len(search.slices)
    is_in, is_other = search.sides(slice_number + (WHOLE if since_ns is None else AFTER) * len(search.slices))
    names, values = words_of(search.sample.dimensions, search.slices[slice_number])
    cohort = Cohort(
        sample=number,
        dimensions=names,
        values=values,
        since_ns=since_ns,
        is_in=is_in,
        is_other=is_other,
        ratio=search.interval(is_in, is_other),
        p_value=found_p,
        q_value=found_q,
    )
    search.take(place)
    return cohort
