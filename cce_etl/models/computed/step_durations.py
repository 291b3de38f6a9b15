"""How long steps take, by step type and by one dimension more: the rows of intermediate.step_durations_by_dimension.

Lives here: Arrow to arrays and back, one dimension after the other. Does not: the estimates (`statistics`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cce_etl.models.computed.arrow import Codes, Texts, pair_codes, text_codes
from cce_etl.statistics.groups import (
    FloatArray,
    IntArray,
    Numbers,
    SortedGroups,
    median_intervals,
    ordered_groups,
    sort_groups,
    stable_order,
)
from cce_etl.statistics.survival import percentiles

MODEL: Final = "intermediate.step_durations_by_dimension"
BoolArray = NDArray[np.bool_]
_DIMENSIONS: Final = ("root_job_type", "cluster_id", "root_shape_id")
_TEXTS: Final = ("source", "job_type", "root_job_id", *_DIMENSIONS)
# Arrays of so many steps stay in a processor's cache: those of 6.2 million took a third longer.
_BLOCK_ROWS: Final = 250_000
# What the SELECT calls the states of a step: of those that have not ended, only running ones have an age.
_SUCCESS, _FAILED, _INITIALIZING, _RUNNING = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Hold steps of whole kinds by rising time, NaN last, those that ended before those cut off at the same time.

    `rows` are their places in `columns`; so much is sorted once, that sorting by group is then quick.
    """

    columns: Mapping[str, Texts]
    rows: IntArray
    kinds: Codes
    states: IntArray
    seconds: FloatArray

    def codes(self, column: str) -> Texts:
        """Return the texts of a column."""
        return self.columns[column].of(self.rows)

    def texts(self, column: str, codes: Codes) -> pa.Array:
        """Return the text of a column that each number of a numbering stands for."""
        return self.columns[column].taken(self.rows[codes.first_rows])


@dataclass(frozen=True, slots=True, eq=False)
class _Slices:
    """Hold the number of each step's slice, its state and seconds; by slice, then as in `_Steps`."""

    count: int
    numbers: Numbers
    states: IntArray
    seconds: FloatArray

    def steps_per_slice(self, is_counted: BoolArray | slice = slice(None)) -> IntArray:
        """Return how many steps of each slice are counted."""
        return np.bincount(self.numbers[is_counted], minlength=self.count)

    def sorted(self, is_taken: BoolArray) -> SortedGroups:
        """Return the seconds of some steps, grouped by slice."""
        return ordered_groups(self.seconds[is_taken], self.numbers[is_taken], self.count)

    def is_measured(self) -> BoolArray:
        """Return which steps are successes whose duration is known."""
        is_measured: BoolArray = (self.states == _SUCCESS) & ~np.isnan(self.seconds)
        return is_measured


@dataclass(frozen=True, slots=True, eq=False)
class _Roots:
    """Hold the steps' roots, apart for each kind, and the median of what is measured in each, NaN without any."""

    codes: Codes
    medians: FloatArray

    def parents(self, slices: Codes) -> Numbers:
        """Return the slice that each root's steps are in."""
        return slices.numbers[self.codes.first_rows]


def compute(steps: pa.Table) -> pa.Table:
    """Return the figures of each slice: step types, and step types by a dimension; one row per step in, any order."""
    columns = {name: text_codes(steps[name]) for name in _TEXTS}
    states, seconds = steps["state"].to_numpy(), steps["seconds"].to_numpy()
    blocks = _blocks(pair_codes(columns["source"], columns["job_type"]))
    return pa.concat_tables([table for rows in blocks for table in _tables(_ordered(columns, rows, states, seconds))])


def _blocks(kinds: Codes) -> Sequence[IntArray]:
    """Return the places of the steps of whole kinds, some _BLOCK_ROWS each; one block of none if there are none."""
    ends = np.cumsum(np.bincount(kinds.numbers, minlength=kinds.count))
    is_last = np.diff(ends // _BLOCK_ROWS, append=-1) != 0
    return np.split(stable_order(kinds.numbers, kinds.count), ends[is_last][:-1])


def _ordered(columns: Mapping[str, Texts], rows: IntArray, states: IntArray, seconds: FloatArray) -> _Steps:
    rows = rows[np.lexsort((states[rows] >= _INITIALIZING, seconds[rows]))]
    kinds = pair_codes(columns["source"].of(rows), columns["job_type"].of(rows))
    return _Steps(columns, rows, kinds, states[rows], seconds[rows])


def _tables(known: _Steps) -> Iterator[pa.Table]:
    roots = _roots(known, pair_codes(known.kinds, known.codes("root_job_id")))
    yield _table(known, known.kinds, roots, "all")
    for dimension in _DIMENSIONS:
        values = known.codes(dimension)
        # Steps of one root may name several clusters; then it counts in each, with its steps there.
        own = _roots(known, pair_codes(roots.codes, values)) if dimension == "cluster_id" else roots
        yield _table(known, pair_codes(known.kinds, values), own, dimension)


def _roots(known: _Steps, codes: Codes) -> _Roots:
    of_roots = _slices(known, codes)
    return _Roots(codes, of_roots.sorted(of_roots.is_measured()).quantiles(0.5))


def _slices(known: _Steps, codes: Codes) -> _Slices:
    order = stable_order(codes.numbers, codes.count)
    return _Slices(codes.count, codes.numbers[order], known.states[order], known.seconds[order])


def _table(known: _Steps, codes: Codes, roots: _Roots, dimension: str) -> pa.Table:
    of_nothing = pa.nulls(codes.count, pa.string())
    names = {
        "source": known.texts("source", codes),
        "job_type": known.texts("job_type", codes),
        "dimension": pa.array([dimension] * codes.count, pa.string()),
        "dimension_value": of_nothing if dimension == "all" else known.texts(dimension, codes),
    }
    slices, parents = _slices(known, codes), roots.parents(codes)
    return pa.table(
        names
        | _counts(slices)
        | {"root_count": np.bincount(parents, minlength=codes.count)}
        | _durations(slices)
        | _intervals(parents, roots.medians, codes.count)
        | _survival(slices)
    )


def _counts(slices: _Slices) -> dict[str, Any]:
    return {
        "step_count": slices.steps_per_slice(),
        "success_count": slices.steps_per_slice(slices.states == _SUCCESS),
        "failed_count": slices.steps_per_slice(slices.states == _FAILED),
        "running_count": slices.steps_per_slice(slices.states == _RUNNING),
        "initializing_count": slices.steps_per_slice(slices.states == _INITIALIZING),
    }


def _durations(slices: _Slices) -> dict[str, Any]:
    durations = slices.sorted(slices.is_measured())
    return {
        "measured_count": durations.sizes,
        "p50_seconds": _or_null(durations.quantiles(0.5)),
        "p90_seconds": _or_null(durations.quantiles(0.9)),
        "p95_seconds": _or_null(durations.quantiles(0.95)),
        "p99_seconds": _or_null(durations.quantiles(0.99)),
        "mean_seconds": _or_null(durations.means()),
        "max_seconds": _or_null(durations.at(durations.sizes - 1)),
    }


def _intervals(parents: Numbers, medians: FloatArray, slice_count: int) -> dict[str, Any]:
    """Return the interval of the median of one value a root."""
    is_measured = ~np.isnan(medians)
    sorted_medians = sort_groups(medians[is_measured], parents[is_measured], slice_count)
    low, high = median_intervals(sorted_medians)
    return {
        "measured_root_count": sorted_medians.sizes,
        "p50_low_seconds": _or_null(low),
        "p50_high_seconds": _or_null(high),
    }


def _survival(slices: _Slices) -> dict[str, Any]:
    is_known = ~np.isnan(slices.seconds)
    lifetimes = slices.sorted(is_known)
    groups = slices.numbers[is_known]
    cut_places = np.flatnonzero(slices.states[is_known] >= _INITIALIZING)
    cut_groups = groups[cut_places]
    cut_offs = cut_places - lifetimes.starts[cut_groups] + 1
    cut_counts = np.bincount(cut_groups, minlength=slices.count)
    return {
        "km_event_count": lifetimes.sizes - cut_counts,
        "km_censored_count": cut_counts,
        "km_p50_seconds": _or_null(percentiles(lifetimes, cut_offs, cut_counts, 0.5)),
        "km_p90_seconds": _or_null(percentiles(lifetimes, cut_offs, cut_counts, 0.1)),
        "km_p95_seconds": _or_null(percentiles(lifetimes, cut_offs, cut_counts, 0.05)),
    }


def _or_null(values: FloatArray) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))
