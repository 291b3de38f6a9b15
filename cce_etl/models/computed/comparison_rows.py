"""The rows of intermediate.comparisons: findings and changes of level in the words and units of the table.

Lives here: its schema, and the figures beside a finding. Does not: finding anything (`statistics`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cce_etl.statistics.change_points import Change
from cce_etl.statistics.cohort_search import FINDING_BELOW, Cohort
from cce_etl.statistics.dimensions import Dimension
from cce_etl.statistics.slices import Sample

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Row = dict[str, Any]

# Where a cohort in five becomes three times as slow, the median of all moves by a tenth: that is worth a date.
LEAST_CHANGE: Final = 1.05
# Each comes again with the clock: it is never new.
_TIMES_OF_DAY: Final = ("hour", "weekday")
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


@dataclass(frozen=True, slots=True, eq=False)
class Roots:
    """Hold a sample, and what is only reported of its roots: steps, source and shape, one a root."""

    sample: Sample
    step_counts: IntArray
    sources: Dimension
    shapes: Dimension


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Hold one source's roots: their places in the sample, their residuals in time order, and the changes in them."""

    roots: Roots
    source: str
    places: IntArray
    residuals: FloatArray
    changes: list[Change]


def cohort_rows(kinds: Sequence[Roots], cohorts: Sequence[Cohort]) -> Iterator[Row]:
    """Yield the findings, numbered within step type and measure in the order they come in."""
    ranks: Counter[int] = Counter()
    for cohort in cohorts:
        ranks[cohort.sample] += 1
        roots = kinds[cohort.sample]
        figures = _failure_figures if roots.sample.is_failure else _duration_figures
        yield {
            "job_type": roots.sample.job_type,
            "measure": "failure" if roots.sample.is_failure else "duration",
            "comparison": "whole window" if cohort.since_ns is None else "after change",
            "rank": ranks[cohort.sample],
            "dimensions": cohort.dimensions,
            "dimension_values": cohort.values,
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


def _duration_figures(roots: Roots, own: BoolArray | IntArray, others: BoolArray | IntArray) -> Row:
    seconds = np.exp(roots.sample.values)
    return {
        "root_count": len(seconds[own]),
        "other_root_count": len(seconds[others]),
        "step_count": int(roots.step_counts[own].sum()),
        "median_seconds": float(np.median(seconds[own])),
        "other_median_seconds": float(np.median(seconds[others])),
    }


def _failure_figures(roots: Roots, own: BoolArray, others: BoolArray) -> Row:
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


def change_rows(series: Sequence[Series], q_values: FloatArray) -> Iterator[Row]:
    """Yield the changes of all series in order, numbered within the step type; one q-value each."""
    ranks: Counter[str] = Counter()
    numbers = count()
    for one in series:
        job_type = one.roots.sample.job_type
        for change in one.changes:
            ranks[job_type] += 1
            yield _change_row(one, change, ranks[job_type], float(q_values[next(numbers)]))


def _change_row(series: Series, change: Change, rank: int, q_value: float) -> Row:
    before, after = slice(change.start, change.split), slice(change.split, change.end)
    created_ns = series.roots.sample.created_ns[series.places]
    last_ns, first_ns = int(created_ns[change.split - 1]), int(created_ns[change.split])
    step = float(np.median(series.residuals[after]) - np.median(series.residuals[before]))
    middle_ns = (last_ns + first_ns + 1) // 2
    return {
        "job_type": series.roots.sample.job_type,
        "measure": "duration",
        "comparison": "before and after",
        "rank": rank,
        "dimensions": ["source"],
        "dimension_values": [series.source],
        "since_at": middle_ns,
        "last_before_at": last_ns,
        "first_after_at": first_ns,
        "ratio": float(np.exp(step)),
        "p_value": change.p_value,
        "q_value": q_value,
        "is_finding": q_value < FINDING_BELOW and abs(step) >= np.log(LEAST_CHANGE),
        "first_seen_then": _first_seen(series, middle_ns),
    } | _duration_figures(series.roots, series.places[after], series.places[before])


def _first_seen(series: Series, then_ns: int) -> list[str]:
    """Return the values that no root of the series had until about then; those it began with were there before."""
    created_ns = series.roots.sample.created_ns[series.places]
    seen = []
    lasting = [one for one in series.roots.sample.dimensions if one.name not in _TIMES_OF_DAY]
    for dimension in (*lasting, series.roots.shapes):
        codes, first = np.unique(dimension.codes[series.places], return_index=True)
        for code, first_ns in zip(codes.tolist(), created_ns[first].tolist(), strict=True):
            if code >= 0 and abs(first_ns - then_ns) <= _NEAR_NS < first_ns - created_ns[0]:
                seen.append(f"{dimension.name}={dimension.values[code]}")
    return sorted(seen)
