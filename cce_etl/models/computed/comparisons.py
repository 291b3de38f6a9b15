"""What is slow or fails, for whom and since when: intermediate.comparisons.

Lives here: Arrow to samples, the order of the work. Does not: the mathematics (`statistics`), the rows that come of it
(`comparison_rows`), what roots are told apart by (`root_dimensions`).
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cce_etl.models.computed.comparison_rows import SCHEMA, Roots, Series, change_rows, cohort_rows
from cce_etl.models.computed.root_dimensions import (
    in_order_met,
    root_dimensions,
    text_dimension,
    with_encoded_parameters,
)
from cce_etl.statistics.change_points import LEAST_SEGMENT, changes
from cce_etl.statistics.cohort_search import find_cohorts
from cce_etl.statistics.dimensions import telling
from cce_etl.statistics.residuals import LEAST_ROOTS, alike, residuals
from cce_etl.statistics.slices import Sample, partitions

MODEL: Final = "intermediate.comparisons"
BoolArray = NDArray[np.bool_]

# What tells which roots are alike.
_LIKENESS: Final = ["root_shape_id", "root_job_type", "step_count"]


def compute(roots: pa.Table) -> pa.Table:
    """Return what is reported of the roots: findings among slices, and confirmed changes of level.

    Shape: one row per root and step type in, in any order; SCHEMA out.
    """
    kinds = [kind for chunk in _by_job_type(roots) for kind in _samples(chunk)]
    series = [one for kind in kinds if not kind.sample.is_failure for one in _series(kind)]
    # A series without a change is a comparison as well: its place in the family is the p-value 1.
    p_values = [one.p_value for each in series for one in each.changes] + [1.0 for each in series if not each.changes]
    parted = [(kind.sample, partitions(kind.sample.dimensions)) for kind in kinds]
    cohorts, q_values = find_cohorts(parted, np.array(p_values, dtype=np.float64))
    return pa.Table.from_pylist([*cohort_rows(kinds, cohorts), *change_rows(series, q_values)], schema=SCHEMA)


def _by_job_type(roots: pa.Table) -> Iterator[pa.Table]:
    """Yield the roots of each step type in time order; those that never started are left out."""
    keys = [(name, "ascending") for name in ("job_type", "created_at", "source", "root_job_id")]
    order = pc.sort_indices(roots.select([name for name, _ in keys]), sort_keys=keys)
    started = order.filter(roots["created_at"].is_valid().combine_chunks().take(order))
    ordered = with_encoded_parameters(roots).take(started)
    start = 0
    for end in pc.run_end_encode(ordered["job_type"].combine_chunks()).run_ends.to_pylist():
        yield ordered.slice(start, end - start)
        start = end


def _samples(roots: pa.Table) -> Iterator[Roots]:
    """Yield one step type's durations, and its failures if there are any, each with roots enough to compare."""
    measured = roots["measured_step_count"].to_numpy()
    finished = roots["finished_step_count"].to_numpy()
    is_blamed = roots["is_blamed"].to_numpy() & (finished > 0)
    log_seconds = roots["log_seconds"].to_numpy()
    dimensions = root_dimensions(roots)
    job_type = roots["job_type"][0].as_py()
    created_ns = roots["created_at"].cast(pa.int64()).to_numpy()
    shapes = text_dimension("shape", roots["root_shape_id"])
    for is_failure, values, counts in ((False, log_seconds, measured), (True, is_blamed.astype(np.float64), finished)):
        is_in = counts > 0
        if is_in.sum() >= 2 * LEAST_ROOTS and not (is_failure and not is_blamed.any()):
            own = [one.of(is_in) for one in dimensions]
            sample = Sample(
                job_type=job_type,
                is_failure=is_failure,
                values=values[is_in],
                groups=_groups(roots.select(_LIKENESS).filter(pa.array(is_in)), by_shape=not is_failure),
                created_ns=created_ns[is_in],
                dimensions=tuple(telling(own, LEAST_ROOTS)),
            )
            yield Roots(sample, counts[is_in], own[0], shapes.of(is_in))


def _groups(roots: pa.Table, *, by_shape: bool) -> NDArray[np.int64]:
    """Return which roots are alike: by their tree's shape if that is to count, else by type and number of such steps.

    The tree of a root that failed may lack what would have followed, so its shape would tell of the failure.
    """
    counts = roots["step_count"].to_numpy()
    kinds = in_order_met(pa.array((in_order_met(roots["root_job_type"]) + 1) * (counts.max() + 1) + counts))
    return alike([in_order_met(roots["root_shape_id"]), kinds] if by_shape else [kinds])


def _series(kind: Roots) -> Iterator[Series]:
    """Yield each source's durations with their changes, where there are enough for one."""
    values = residuals(kind.sample.values, kind.sample.groups)
    for code, source in enumerate(kind.sources.values):
        places = np.flatnonzero(kind.sources.codes == code)
        if len(places) >= 2 * LEAST_SEGMENT:
            yield Series(kind, source, places, values[places], changes(values[places]))
