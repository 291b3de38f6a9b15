"""One job's tree in the order it ran: who started when, for how long, below whom.

Lives here: reading it and putting siblings in order of time. Does not: finding it (`places`), drawing
(`waterfall_chart`).
"""

from math import inf, isnan
from typing import TYPE_CHECKING, Any

from cce_etl.analysis.published import Published
from cce_etl.analysis.traces.places import find_place

if TYPE_CHECKING:
    import pandas

_TREE = """
    SELECT
        source, '' AS path, NULL AS parent_path, 0 AS depth, 0 AS ordinal, job_id, job_type, resource_name, phase,
        created_at, CASE WHEN created_at IS NOT NULL THEN 0.0 END AS offset_seconds, duration_seconds, elapsed_seconds
    FROM marts.root_jobs
    WHERE source = $1 AND job_id = $2
    UNION ALL
    SELECT
        source, path, parent_path, depth, ordinal, job_id, job_type, resource_name, phase,
        created_at, offset_seconds, duration_seconds, elapsed_seconds
    FROM marts.steps
    WHERE source = $1 AND root_job_id = $2
    ORDER BY depth, path
"""


def waterfall(published: Published, job_id: str, source: str | None = None) -> "pandas.DataFrame":
    """Read the tree in which a job stands, parents before children and siblings in order of start.

    Siblings without a start come last. Grain: path ('' is the root). Columns: source, path, depth, job_id, job_type,
    resource_name, phase, created_at (naive UTC, ns), offset_seconds (from the root's start), duration_seconds (of a
    finished job), elapsed_seconds (of a running one, until it was last fetched); seconds are NaN where there are none.
    Raises CceEtlError for an id that is not there, is a step of several jobs, or that several sources have while
    `source` names none.
    """
    place = find_place(published, job_id, source)
    tree = published.frame(_TREE, [place.source, place.root_job_id])
    return tree.iloc[_in_order_of_time(tree)].drop(columns=["parent_path", "ordinal"]).reset_index(drop=True)


def _in_order_of_time(tree: "pandas.DataFrame") -> list[int]:
    columns: Any = tree[["path", "parent_path", "offset_seconds", "ordinal"]].itertuples(index=False, name=None)
    keys: dict[str, tuple[tuple[float, int], ...]] = {}
    # Rows come by depth, so that a parent's key is known before its children's.
    for path, parent_path, offset_seconds, ordinal in columns:
        own = (inf if isnan(offset_seconds) else offset_seconds, ordinal)
        keys[path] = (*keys.get(parent_path, ()), own) if path else ()
    order = list(keys.values())
    return sorted(range(len(order)), key=order.__getitem__)
