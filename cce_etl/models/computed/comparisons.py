"""Computes intermediate.comparisons: what is slow or fails, for whom and since when.

Roots become samples and series, the statistics search them, and their findings become rows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cce_etl.models.computed.arrow import first_occurrence_codes, integers
from cce_etl.models.computed.root_dimensions import encode_parameters, root_dimensions, text_dimension
from cce_etl.statistics.arrays import BoolArray, FloatArray, IntArray
from cce_etl.statistics.change_points import MIN_SEGMENT, Change, find_changes
from cce_etl.statistics.cohort_search import MAX_Q_VALUE, Cohort, find_cohorts
from cce_etl.statistics.residuals import MIN_ROOTS, residuals, strata
from cce_etl.statistics.slices import Dimension, Sample, informative_dimensions, partitions_of, slice_values

MODEL: Final = "intermediate.comparisons"
# Where a cohort in five becomes three times as slow, the median of all moves by a tenth: that is worth a date.
MIN_CHANGE_RATIO: Final = 1.05
_TIMES_OF_DAY: Final = ("hour", "weekday")  # dimensions whose values recur, so that none is ever new
_NEAR_NS: Final = 2 * 86_400 * 10**9
_TEXTS: Final = pa.list_(pa.string())
_INSTANT: Final = pa.timestamp("ns")
SCHEMA: Final = pa.schema(
    {
        "job_type": pa.string(),
        "measure": pa.string(),
        "comparison": pa.string(),
        "rank": pa.int32(),
        "dimensions": _TEXTS,
        "dimension_values": _TEXTS,
        "since_at": _INSTANT,
        "last_before_at": _INSTANT,
        "first_after_at": _INSTANT,
        "ratio": pa.float64(),
        "ratio_low": pa.float64(),
        "ratio_high": pa.float64(),
        "p_value": pa.float64(),
        "q_value": pa.float64(),
        "is_finding": pa.bool_(),
        "root_count": pa.int64(),
        "other_root_count": pa.int64(),
        "step_count": pa.int64(),
        "median_seconds": pa.float64(),
        "other_median_seconds": pa.float64(),
        "failed_count": pa.int64(),
        "other_failed_count": pa.int64(),
        "failure_rate": pa.float64(),
        "other_failure_rate": pa.float64(),
        "first_seen_then": _TEXTS,
    }
)
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Roots:
    """The roots of one step type as a sample, with what is only reported of each: number of steps, source and shape."""

    job_type: str
    sample: Sample
    step_counts: IntArray
    sources: Dimension
    shapes: Dimension


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """One source's roots in time order: their positions in the sample, their residuals, and the changes in these."""

    roots: _Roots
    source: str
    positions: IntArray
    residuals: FloatArray
    changes: list[Change]


def compute(roots: pa.Table) -> pa.Table:
    """Return the cohorts, and the changes of level of each source, as rows of SCHEMA.

    Args:
        roots: One row for each root and step type, in any order.
    """
    samples = [sample for part in _by_job_type(roots) for sample in _samples(part)]
    series = [one for roots in samples if not roots.sample.is_failure for one in _series(roots)]
    # A series without a change is a test as well: it is in the family with the p-value 1.
    p_values = [one.p_value for each in series for one in each.changes] + [1.0 for each in series if not each.changes]
    searched = [(one.sample, partitions_of(one.sample.dimensions)) for one in samples]
    cohorts, q_values = find_cohorts(searched, np.array(p_values, dtype=np.float64))
    return pa.Table.from_pylist([*_cohort_rows(samples, cohorts), *_change_rows(series, q_values)], schema=SCHEMA)


def _by_job_type(roots: pa.Table) -> Iterator[pa.Table]:
    """Yield the roots of each step type in time order, without those that never started."""
    keys = [(name, "ascending") for name in ("job_type", "created_at", "source", "root_job_id")]
    order = pc.sort_indices(roots.select([name for name, _ in keys]), sort_keys=keys)
    started = order.filter(roots["created_at"].is_valid().combine_chunks().take(order))
    ordered = encode_parameters(roots).take(started)
    start = 0
    for end in pc.run_end_encode(ordered["job_type"].combine_chunks()).run_ends.to_pylist():
        yield ordered.slice(start, end - start)
        start = end


def _samples(roots: pa.Table) -> Iterator[_Roots]:
    """Yield one step type's durations, and its failures if there are any, where there are enough roots to compare."""
    finished = roots["finished_step_count"].to_numpy()
    is_blamed = roots["is_blamed"].to_numpy() & (finished > 0)
    dimensions = root_dimensions(roots)
    created_ns = integers(roots["created_at"], 0)
    shapes = text_dimension("shape", roots["root_shape_id"])
    durations = (False, roots["log_seconds"].to_numpy(), roots["measured_step_count"].to_numpy())
    failures = (True, is_blamed.astype(np.float64), finished)
    for is_failure, values, step_counts in (durations, failures):
        is_in = step_counts > 0
        if is_in.sum() >= 2 * MIN_ROOTS and not (is_failure and not is_blamed.any()):
            own = [one.subset(is_in) for one in dimensions]
            sample = Sample(
                is_failure=is_failure,
                values=values[is_in],
                strata=_strata(roots.filter(pa.array(is_in)), by_shape=not is_failure),
                created_ns=created_ns[is_in],
                dimensions=tuple(informative_dimensions(own, MIN_ROOTS)),
            )
            yield _Roots(roots["job_type"][0].as_py(), sample, step_counts[is_in], own[0], shapes.subset(is_in))


def _strata(roots: pa.Table, *, by_shape: bool) -> IntArray:
    """Return which roots are comparable: those of one tree shape, else those of one type and number of such steps.

    The tree of a root that failed may lack the steps that would have followed, so failures are not compared by shape.
    """
    counts = roots["step_count"].to_numpy()
    types = first_occurrence_codes(roots["root_job_type"])
    types_and_counts = first_occurrence_codes(pa.array((types + 1) * (counts.max() + 1) + counts))
    return strata(
        [first_occurrence_codes(roots["root_shape_id"]), types_and_counts] if by_shape else [types_and_counts]
    )


def _series(roots: _Roots) -> Iterator[_Series]:
    """Yield the durations of each source with their changes, where there are enough for one."""
    values = residuals(roots.sample.values, roots.sample.strata)
    for code, source in enumerate(roots.sources.values):
        positions = np.flatnonzero(roots.sources.codes == code)
        if len(positions) >= 2 * MIN_SEGMENT:
            yield _Series(roots, source, positions, values[positions], find_changes(values[positions]))


def _cohort_rows(samples: Sequence[_Roots], cohorts: Sequence[Cohort]) -> Iterator[_Row]:
    """Yield the cohorts, ranked within step type and measure in the order they come in."""
    ranks: Counter[int] = Counter()
    for cohort in cohorts:
        ranks[cohort.sample] += 1
        roots = samples[cohort.sample]
        own = [(roots.sample.dimensions[d], code) for d, code in slice_values(roots.sample.dimensions, cohort.slice)]
        figures = _failure_figures if roots.sample.is_failure else _duration_figures
        yield {
            "job_type": roots.job_type,
            "measure": "failure" if roots.sample.is_failure else "duration",
            "comparison": "whole window" if cohort.since_ns is None else "after change",
            "rank": ranks[cohort.sample],
            "dimensions": [dimension.name for dimension, _ in own],
            "dimension_values": [dimension.values[code] for dimension, code in own],
            "since_at": cohort.since_ns,
            "ratio": _finite(cohort.ratio.ratio),
            "ratio_low": _finite(cohort.ratio.low),
            "ratio_high": _finite(cohort.ratio.high),
            "p_value": cohort.p_value,
            "q_value": cohort.q_value,
            "is_finding": True,
        } | figures(roots, cohort.is_in, cohort.is_other)


def _finite(ratio: float) -> float | None:
    return ratio if np.isfinite(ratio) else None


def _duration_figures(roots: _Roots, own: BoolArray | IntArray, others: BoolArray | IntArray) -> _Row:
    seconds = np.exp(roots.sample.values)
    return {
        "root_count": len(seconds[own]),
        "other_root_count": len(seconds[others]),
        "step_count": int(roots.step_counts[own].sum()),
        "median_seconds": float(np.median(seconds[own])),
        "other_median_seconds": float(np.median(seconds[others])),
    }


def _failure_figures(roots: _Roots, own: BoolArray, others: BoolArray) -> _Row:
    failed = roots.sample.values
    return {
        "root_count": len(failed[own]),
        "other_root_count": len(failed[others]),
        "step_count": int(roots.step_counts[own].sum()),
        "failed_count": int(failed[own].sum()),
        "other_failed_count": int(failed[others].sum()),
        "failure_rate": float(failed[own].mean()),
        "other_failure_rate": float(failed[others].mean()),
    }


def _change_rows(series: Sequence[_Series], q_values: FloatArray) -> Iterator[_Row]:
    """Yield the changes of all series in order, ranked within the step type; q-values come in the same order."""
    ranks: Counter[str] = Counter()
    remaining_q = iter(q_values.tolist())
    for one in series:
        for change in one.changes:
            ranks[one.roots.job_type] += 1
            yield _change_row(one, change, ranks[one.roots.job_type], next(remaining_q))


def _change_row(series: _Series, change: Change, rank: int, q_value: float) -> _Row:
    before, after = slice(change.start, change.split), slice(change.split, change.end)
    created_ns = series.roots.sample.created_ns[series.positions]
    last_ns, first_ns = int(created_ns[change.split - 1]), int(created_ns[change.split])
    log_ratio = float(np.median(series.residuals[after]) - np.median(series.residuals[before]))
    middle_ns = (last_ns + first_ns + 1) // 2
    return {
        "job_type": series.roots.job_type,
        "measure": "duration",
        "comparison": "before and after",
        "rank": rank,
        "dimensions": ["source"],
        "dimension_values": [series.source],
        "since_at": middle_ns,
        "last_before_at": last_ns,
        "first_after_at": first_ns,
        "ratio": float(np.exp(log_ratio)),
        "p_value": change.p_value,
        "q_value": q_value,
        "is_finding": q_value < MAX_Q_VALUE and abs(log_ratio) >= np.log(MIN_CHANGE_RATIO),
        "first_seen_then": _first_seen_near(series, middle_ns),
    } | _duration_figures(series.roots, series.positions[after], series.positions[before])


def _first_seen_near(series: _Series, then_ns: int) -> list[str]:
    """Return the values that no root of the series had until about then, without those that it began with."""
    created_ns = series.roots.sample.created_ns[series.positions]
    seen = []
    lasting = [one for one in series.roots.sample.dimensions if one.name not in _TIMES_OF_DAY]
    for dimension in (*lasting, series.roots.shapes):
        codes, first = np.unique(dimension.codes[series.positions], return_index=True)
        for code, first_ns in zip(codes.tolist(), created_ns[first].tolist(), strict=True):
            if code >= 0 and abs(first_ns - then_ns) <= _NEAR_NS < first_ns - created_ns[0]:
                seen.append(f"{dimension.name}={dimension.values[code]}")
    return sorted(seen)
