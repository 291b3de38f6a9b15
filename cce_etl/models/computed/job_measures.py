"""What each job holds of its root's time, and the shape of its tree: the computed columns of core.job_measures.

Lives here: Arrow to arrays and back. Does not: the walks (`statistics`), durations and clocks (the model's SELECT).
"""

from typing import Final

import numpy as np
import pyarrow as pa

from cce_etl.models.computed.forests import integers, parent_positions, read_forest, root_positions, seconds
from cce_etl.statistics.critical_path import self_times_ns, walk
from cce_etl.statistics.forest import Flags, Ints
from cce_etl.statistics.tree_shapes import fingerprints

MODEL: Final = "core.job_measures"
# From here on a step is on the critical path; in roots shorter than 100 s from 1% of the root.
_WORTH_NAMING_NS: Final = 1_000_000_000
_INPUTS: Final = ("root_number", "parent_path", "job_type", "started_ns", "ended_ns")
_INTEGERS: Final = np.iinfo(np.int64)


def compute(jobs: pa.Table) -> pa.Table:
    """Replace positions and times by the critical path, self time and shapes; rows come by path, whole trees.

    What concerns the critical path is NULL in a root that is not timed, self time in a job that is not.
    """
    parents = parent_positions(jobs)
    forest = read_forest(jobs, parents)
    roots = root_positions(jobs)
    path, is_walked = walk(forest), forest.is_timed[roots]
    least_ns = np.minimum(_WORTH_NAMING_NS, -(-forest.durations_ns()[roots] // 100))
    is_on_path = (path.total_ns > 0) & (path.total_ns >= least_ns)
    shapes = _shapes(forest.parents, jobs["job_type"])
    columns = {
        "is_before_parent": _is_before_parent(jobs["started_ns"], parents),
        "critical_self_seconds": seconds(path.own_ns, is_walked),
        "critical_seconds": seconds(path.total_ns, is_walked),
        "is_on_critical_path": pa.array(is_on_path, pa.bool_(), mask=~is_walked),
        "self_seconds": seconds(self_times_ns(forest), forest.is_timed),
        "shape_id": shapes,
        "root_shape_id": shapes.take(pa.array(roots, pa.int64())),
    }
    kept = jobs.drop_columns(list(_INPUTS))
    return pa.table({name: kept[name] for name in kept.column_names} | columns)


def _is_before_parent(started_ns: pa.ChunkedArray, parents: Ints) -> Flags:
    """Tell which jobs started before their parents; none of which either time or the parent is unknown."""
    starts, latest = integers(started_ns, _INTEGERS.max), integers(started_ns, _INTEGERS.min)
    is_before: Flags = (parents >= 0) & (starts < latest[parents])
    return is_before


def _shapes(parents: Ints, job_types: pa.ChunkedArray) -> pa.Array:
    """Return each tree's fingerprint, 16 hexadecimal digits; trees repeat, so each text is made once."""
    types = job_types.combine_chunks().dictionary_encode("encode")
    values = pa.array(fingerprints(parents, types.indices.to_numpy(), types.dictionary.to_pylist())).dictionary_encode()
    texts = pa.array([f"{value:016x}" for value in values.dictionary.to_pylist()], pa.string())
    return texts.take(values.indices)
