"""Computes core.job_measures: what each job has of its root's time, and the shape of its tree."""

from typing import Final

import numpy as np
import pyarrow as pa

from cce_etl.models.computed.arrow import integers, parent_positions, read_forest, root_positions, seconds_column
from cce_etl.statistics.arrays import IntArray
from cce_etl.statistics.critical_path import critical_path, self_times_ns
from cce_etl.statistics.tree_shapes import subtree_fingerprints

MODEL: Final = "core.job_measures"
# A step with this much critical time is on the critical path; in roots shorter than 100 s, one with 1% of the root's.
_MIN_CRITICAL_NS: Final = 1_000_000_000
_INPUTS: Final = ("root_number", "parent_path", "job_type", "started_ns", "ended_ns")
_INT64: Final = np.iinfo(np.int64)


def compute(jobs: pa.Table) -> pa.Table:
    """Return the rows with critical path, self time and shapes in place of the positions and times they come from.

    Columns of the critical path are NULL in a root that is not timed, self time in a job that is not.

    Args:
        jobs: Whole trees, sorted by root_number and path, with the columns of _INPUTS.
    """
    parents = parent_positions(jobs)
    forest = read_forest(jobs, parents)
    roots = root_positions(jobs)
    path, has_path = critical_path(forest), forest.is_timed[roots]
    min_ns = np.minimum(_MIN_CRITICAL_NS, -(-forest.durations_ns()[roots] // 100))
    is_on_path = (path.total_ns > 0) & (path.total_ns >= min_ns)
    # With an unknown start neither comparison of times can be true.
    starts, parent_starts = (integers(jobs["started_ns"], when_null) for when_null in (_INT64.max, _INT64.min))
    shapes = _shapes(forest.parents, jobs["job_type"])
    columns = {
        "is_before_parent": (parents >= 0) & (starts < parent_starts[parents]),
        "critical_self_seconds": seconds_column(path.own_ns, has_path),
        "critical_seconds": seconds_column(path.total_ns, has_path),
        "is_on_critical_path": pa.array(is_on_path, pa.bool_(), mask=~has_path),
        "self_seconds": seconds_column(self_times_ns(forest), forest.is_timed),
        "shape_id": shapes,
        "root_shape_id": shapes.take(pa.array(roots, pa.int64())),
    }
    kept = jobs.drop_columns(list(_INPUTS))
    return pa.table({name: kept[name] for name in kept.column_names} | columns)


def _shapes(parents: IntArray, job_types: pa.ChunkedArray) -> pa.Array:
    """Return each subtree's fingerprint as 16 hexadecimal digits; as trees repeat, each text is made once."""
    types = job_types.combine_chunks().dictionary_encode("encode")
    fingerprints = subtree_fingerprints(parents, types.indices.to_numpy(), types.dictionary.to_pylist())
    values = pa.array(fingerprints).dictionary_encode()
    texts = pa.array([f"{value:016x}" for value in values.dictionary.to_pylist()], pa.string())
    return texts.take(values.indices)
