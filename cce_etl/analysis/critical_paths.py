"""One job's tree with its critical path: what each step adds to how long the whole took.

Lives here: reading it. Does not: walking the path (core.job_measures), drawing (`critical_path_chart`).
"""

from typing import TYPE_CHECKING

from cce_etl.analysis.published import Published
from cce_etl.analysis.waterfalls import waterfall

if TYPE_CHECKING:
    import pandas

_MEASURES = """
    SELECT
        source, path, critical_self_seconds, self_seconds, coalesce(is_on_critical_path, FALSE) AS is_on_critical_path
    FROM marts.steps
    WHERE root_job_id = $1
    UNION ALL
    SELECT source, '' AS path, critical_self_seconds, self_seconds, critical_self_seconds IS NOT NULL
    FROM marts.root_jobs
    WHERE job_id = $1
"""


def critical_path(published: Published, root_job_id: str, source: str | None = None) -> "pandas.DataFrame":
    """Read one root job's tree as `waterfall` does, with what each step adds to its duration.

    Grain and columns as there, and: is_on_critical_path (of the root: that there is a path), critical_self_seconds
    (seconds of the root's duration owed to this step alone; they sum to it; NaN when the root has no path: it runs, or
    lacks a clock), self_seconds (own time that no step below it covers, NaN unless finished with sound clocks).
    Raises CceEtlError as `waterfall` does.
    """
    tree = waterfall(published, root_job_id, source)
    # A root that runs has no path: NULL is told from false only in the model.
    measures = published.frame(_MEASURES, [tree["job_id"].iloc[0]])
    return tree.merge(measures, on=["source", "path"], how="left", validate="one_to_one")
