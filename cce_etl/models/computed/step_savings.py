"""What root jobs would gain if the slow steps of one type were faster: the rows of intermediate.step_savings.

Lives here: one type at a time, Arrow to arrays and back. Does not: the schedule (`statistics`), which steps are slow.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from cce_etl.models.computed.forests import integers, parent_positions, read_forest
from cce_etl.statistics.forest import Flags, Forest, Ints
from cce_etl.statistics.rescheduling import saved_ns

MODEL: Final = "intermediate.step_savings"
_COLUMNS: Final = pa.schema(
    [
        ("source", pa.string()),
        ("job_type", pa.string()),
        ("slow_step_count", pa.int64()),
        ("saved_seconds", pa.float64()),
    ]
)


def compute(jobs: pa.Table) -> pa.Table:
    """Return one row per source and type with a slow step; rows come by path, whole trees.

    A slow step has a kind_number, counted from 0 over sources and types, and is to be shorter by its cut_ns; in the
    rows of other jobs both are NULL.
    """
    forest, roots = read_forest(jobs, parent_positions(jobs)), integers(jobs["root_number"], 0)
    kinds, cuts_ns = integers(jobs["kind_number"], -1), integers(jobs["cut_ns"], 0)
    rows: list[dict[str, Any]] = []
    for kind in range(kinds.max(initial=-1) + 1):
        is_slow = kinds == kind
        example = {name: jobs[name][int(is_slow.argmax())].as_py() for name in ("source", "job_type")}
        saved = _saved_by_roots_ns(forest, roots, cuts_ns, is_slow)
        rows.append(example | {"slow_step_count": int(is_slow.sum()), "saved_seconds": saved / 1e9})
    return pa.Table.from_pylist(rows, _COLUMNS)


def _saved_by_roots_ns(forest: Forest, roots: Ints, cuts_ns: Ints, is_slow: Flags) -> int:
    is_kept = np.isin(roots, roots[is_slow])
    part = forest.part(is_kept)
    saved = saved_ns(part, np.where(is_slow, cuts_ns, 0)[is_kept])
    # Summed as Python's integers: those of a large fleet may not fit into 64 bits.
    return sum(saved[part.parents < 0].tolist())
