"""Computes intermediate.step_savings: what root jobs would gain if the slow steps of one type were faster."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from cce_etl.models.computed.arrow import integers, parent_positions, read_forest
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
    """Return one row for each source and type with a slow step.

    Args:
        jobs: Whole trees, sorted by root_number and path. A slow step has a kind_number, which numbers sources and
            types from 0, and its cut_ns, by which it would be shorter; in other rows both are NULL.
    """
    forest, roots = read_forest(jobs, parent_positions(jobs)), integers(jobs["root_number"], 0)
    kinds, cuts_ns = integers(jobs["kind_number"], -1), integers(jobs["cut_ns"], 0)
    rows: list[dict[str, Any]] = []
    for kind in range(kinds.max(initial=-1) + 1):
        is_slow = kinds == kind
        is_concerned = np.isin(roots, roots[is_slow])
        trees = forest.subset(is_concerned)
        saved = saved_ns(trees, np.where(is_slow, cuts_ns, 0)[is_concerned])
        example = int(is_slow.argmax())
        rows.append(
            {
                "source": jobs["source"][example].as_py(),
                "job_type": jobs["job_type"][example].as_py(),
                "slow_step_count": int(is_slow.sum()),
                # Summed as Python integers: the sum over a large fleet may not fit into 64 bits.
                "saved_seconds": sum(saved[trees.parents < 0].tolist()) / 1e9,
            }
        )
    return pa.Table.from_pylist(rows, _COLUMNS)
