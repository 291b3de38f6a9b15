"""Computes intermediate.step_durations_by_dimension: how long steps take, by step type and by one dimension more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from cce_etl.models.computed.arrow import EncodedTexts, RowGroups, encode_texts, group_pairs, nullable_floats
from cce_etl.statistics.arrays import BoolArray, FloatArray, GroupArray, IntArray
from cce_etl.statistics.groups import SortedGroups, median_intervals, presorted_groups, sort_groups, stable_argsort
from cce_etl.statistics.survival import survival_times

MODEL: Final = "intermediate.step_durations_by_dimension"
_DIMENSIONS: Final = ("root_job_type", "cluster_id", "root_shape_id")
_TEXTS: Final = ("source", "job_type", "root_job_id", *_DIMENSIONS)
# Arrays of so many steps stay in a processor's cache: those of 6.2 million took a third longer.
_BLOCK_ROWS: Final = 250_000
# The SELECT's numbers for the states of a step: of those that have not ended, only running ones have an age.
_SUCCESS, _FAILED, _INITIALIZING, _RUNNING = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """The steps of whole step types, by rising seconds, NaN last; ended steps before others of the same seconds.

    They are sorted once. Every grouping of them is then a stable sort by group number, which is quick.

    Attributes:
        columns: The texts of all steps, also of other step types.
        rows: The positions of these steps in `columns`.
        step_types: The steps by source and step type.
        states: One of _SUCCESS, _FAILED, _INITIALIZING and _RUNNING for each step.
        seconds: How long each step took, or runs so far; NaN if unknown.
    """

    columns: Mapping[str, EncodedTexts]
    rows: IntArray
    step_types: RowGroups
    states: IntArray
    seconds: FloatArray

    def encoded(self, column: str) -> EncodedTexts:
        """Return the texts of a column as numbers."""
        return self.columns[column].subset(self.rows)

    def texts(self, column: str, groups: RowGroups) -> pa.Array:
        """Return the text of a column that each group has."""
        return self.columns[column].column(self.rows[groups.first_rows])

    def sliced(self, groups: RowGroups) -> "_Slices":
        """Return the steps ordered by group."""
        order = stable_argsort(groups.numbers, groups.count)
        return _Slices(groups.count, groups.numbers[order], self.states[order], self.seconds[order])


@dataclass(frozen=True, slots=True, eq=False)
class _Slices:
    """The number of each step's slice, its state and its seconds; by slice, then in the order of `_Steps`."""

    count: int
    numbers: GroupArray
    states: IntArray
    seconds: FloatArray

    def step_counts(self, state: int) -> IntArray:
        """Return how many steps of each slice are in a state."""
        return np.bincount(self.numbers[self.states == state], minlength=self.count)

    def subset(self, is_chosen: BoolArray) -> SortedGroups:
        """Return the seconds of some steps by slice."""
        return presorted_groups(self.seconds[is_chosen], self.numbers[is_chosen], self.count)

    def durations(self) -> SortedGroups:
        """Return the seconds of successful steps by slice, where known."""
        return self.subset((self.states == _SUCCESS) & ~np.isnan(self.seconds))


@dataclass(frozen=True, slots=True, eq=False)
class _Roots:
    """The steps of each root, apart for each step type, and the median of their durations; NaN without any."""

    groups: RowGroups
    medians: FloatArray


def compute(steps: pa.Table) -> pa.Table:
    """Return the figures of each step type, and of each step type and value of a dimension.

    Args:
        steps: One row a step, in any order.
    """
    columns = {name: encode_texts(steps[name]) for name in _TEXTS}
    states, seconds = steps["state"].to_numpy(), steps["seconds"].to_numpy()
    tables: list[pa.Table] = []
    for block in _blocks(group_pairs(columns["source"], columns["job_type"])):
        rows = block[np.lexsort((states[block] >= _INITIALIZING, seconds[block]))]
        step_types = group_pairs(columns["source"].subset(rows), columns["job_type"].subset(rows))
        tables += _tables(_Steps(columns, rows, step_types, states[rows], seconds[rows]))
    return pa.concat_tables(tables)


def _blocks(step_types: RowGroups) -> Sequence[IntArray]:
    """Return the positions of the steps of whole step types, about _BLOCK_ROWS each; one empty block for no steps."""
    ends = np.cumsum(np.bincount(step_types.numbers, minlength=step_types.count))
    is_last = np.diff(ends // _BLOCK_ROWS, append=-1) != 0
    return np.split(stable_argsort(step_types.numbers, step_types.count), ends[is_last][:-1])


def _tables(steps: _Steps) -> Iterator[pa.Table]:
    roots = _roots(steps, group_pairs(steps.step_types, steps.encoded("root_job_id")))
    yield _table(steps, steps.step_types, roots, "all")
    for dimension in _DIMENSIONS:
        values = steps.encoded(dimension)
        # The steps of one root may name several clusters: the root then counts in each, with its steps there.
        own = _roots(steps, group_pairs(roots.groups, values)) if dimension == "cluster_id" else roots
        yield _table(steps, group_pairs(steps.step_types, values), own, dimension)


def _roots(steps: _Steps, groups: RowGroups) -> _Roots:
    return _Roots(groups, steps.sliced(groups).durations().quantiles(0.5))


def _table(steps: _Steps, groups: RowGroups, roots: _Roots, dimension: str) -> pa.Table:
    no_values = pa.nulls(groups.count, pa.string())
    slices = steps.sliced(groups)
    root_slices = groups.numbers[roots.groups.first_rows]
    durations = slices.durations()
    has_median = ~np.isnan(roots.medians)
    medians = sort_groups(roots.medians[has_median], root_slices[has_median], groups.count)
    low, high = median_intervals(medians)
    columns = {
        "source": steps.texts("source", groups),
        "job_type": steps.texts("job_type", groups),
        "dimension": pa.array([dimension] * groups.count, pa.string()),
        "dimension_value": no_values if dimension == "all" else steps.texts(dimension, groups),
        "step_count": np.bincount(slices.numbers, minlength=groups.count),
        "success_count": slices.step_counts(_SUCCESS),
        "failed_count": slices.step_counts(_FAILED),
        "running_count": slices.step_counts(_RUNNING),
        "initializing_count": slices.step_counts(_INITIALIZING),
        "root_count": np.bincount(root_slices, minlength=groups.count),
        "measured_count": durations.sizes,
        "p50_seconds": nullable_floats(durations.quantiles(0.5)),
        "p90_seconds": nullable_floats(durations.quantiles(0.9)),
        "p95_seconds": nullable_floats(durations.quantiles(0.95)),
        "p99_seconds": nullable_floats(durations.quantiles(0.99)),
        "mean_seconds": nullable_floats(durations.means()),
        "max_seconds": nullable_floats(durations.at_rank(durations.sizes - 1)),
        "measured_root_count": medians.sizes,
        "p50_low_seconds": nullable_floats(low),
        "p50_high_seconds": nullable_floats(high),
    }
    return pa.table(columns | _survival_columns(slices))


def _survival_columns(slices: _Slices) -> dict[str, Any]:
    """Return the Kaplan-Meier estimates, in which steps that have not ended are censored at their age."""
    is_known = ~np.isnan(slices.seconds)
    lifetimes = slices.subset(is_known)
    positions = np.flatnonzero(slices.states[is_known] >= _INITIALIZING)
    censored_slices = slices.numbers[is_known][positions]
    ranks = positions - lifetimes.starts[censored_slices] + 1
    counts = np.bincount(censored_slices, minlength=slices.count)
    return {
        "km_event_count": lifetimes.sizes - counts,
        "km_censored_count": counts,
        "km_p50_seconds": nullable_floats(survival_times(lifetimes, ranks, counts, 0.5)),
        "km_p90_seconds": nullable_floats(survival_times(lifetimes, ranks, counts, 0.1)),
        "km_p95_seconds": nullable_floats(survival_times(lifetimes, ranks, counts, 0.05)),
    }
