"""One job's tree in order of time, its critical path, and the waterfall charts of both."""

from math import inf, isnan
from typing import TYPE_CHECKING, Any, Final, cast

from cce_etl.analysis.charts import INK, NO_PHASE, NO_TYPE, layered, phase_scale
from cce_etl.analysis.published import Published
from cce_etl.analysis.traces.tree import locate_job

if TYPE_CHECKING:
    import altair
    import pandas

# About two screens.
MAX_ROWS: Final = 60
# In marts.steps is_on_critical_path is NULL, not false, when the root has no critical path.
_TREE: Final = """
    SELECT
        source, '' AS path, NULL AS parent_path, 0 AS depth, 0 AS ordinal, job_id, job_type, resource_name, phase,
        created_at, CASE WHEN created_at IS NOT NULL THEN 0.0 END AS offset_seconds, duration_seconds, elapsed_seconds,
        critical_self_seconds, self_seconds, critical_self_seconds IS NOT NULL AS is_on_critical_path
    FROM marts.root_jobs
    WHERE source = $1 AND job_id = $2
    UNION ALL
    SELECT
        source, path, parent_path, depth, ordinal, job_id, job_type, resource_name, phase,
        created_at, offset_seconds, duration_seconds, elapsed_seconds,
        critical_self_seconds, self_seconds, coalesce(is_on_critical_path, FALSE)
    FROM marts.steps
    WHERE source = $1 AND root_job_id = $2
    ORDER BY depth, path
"""
# Vega trims white space at both ends of a text. A zero-width space is no white space to it, and keeps the indentation.
_ZERO_WIDTH: Final = "\u200b"
_INDENT: Final = "\u2003"
_CHARACTER_WIDTH: Final = 6.6


def waterfall(published: Published, job_id: str, source: str | None = None) -> "pandas.DataFrame":
    """Read the tree that a root job or step belongs to: parents before children, siblings in order of start.

    Returns:
        One row for each job of the tree. Columns: source, path ('' is the root), depth, job_id, job_type,
        resource_name, phase, created_at (naive UTC, ns), offset_seconds (from the root's start to the job's),
        duration_seconds (of a finished job), elapsed_seconds (of a running job, until it was last fetched). Seconds
        are NaN where they are unknown. Siblings without a start come last.

    Raises:
        CceEtlError: the id is unknown, is a step of several jobs, or is in several sources and `source` names none.
    """
    tree = critical_path(published, job_id, source)
    return tree.drop(columns=["critical_self_seconds", "self_seconds", "is_on_critical_path"])


def critical_path(published: Published, root_job_id: str, source: str | None = None) -> "pandas.DataFrame":
    """Read one root job's tree as `waterfall` does, with the share of each step in the root's duration.

    Returns:
        The rows and columns of `waterfall`, and: is_on_critical_path (for the root: whether it has a critical path),
        critical_self_seconds (seconds of the root's duration that only this step accounts for; over all rows they sum
        to the root's duration; NaN when the root has no critical path because it still runs or lacks a time),
        self_seconds (seconds in which no step below it ran; NaN unless it is finished and its times are in order).

    Raises:
        CceEtlError: as `waterfall`.
    """
    location = locate_job(published, root_job_id, source)
    tree = published.frame(_TREE, [location.source, location.root_job_id])
    columns: Any = tree[["path", "parent_path", "offset_seconds", "ordinal"]].itertuples(index=False, name=None)
    sort_keys: dict[str, tuple[tuple[float, int], ...]] = {}
    # The rows come by depth, so the key of a parent is known before those of its children.
    for path, parent_path, offset_seconds, ordinal in columns:
        own = (inf if isnan(offset_seconds) else offset_seconds, ordinal)
        sort_keys[path] = (*sort_keys.get(parent_path, ()), own) if path else ()
    keys = list(sort_keys.values())
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return tree.iloc[order].drop(columns=["parent_path", "ordinal"]).reset_index(drop=True)


def waterfall_chart(tree: "pandas.DataFrame", title: str = "One job, step by step") -> "altair.LayerChart":
    """Draw the rows of `waterfall` in their order, over the seconds since the root's start.

    A step that has not started has a name and no bar. Of more than MAX_ROWS the longest are drawn, and the subtitle
    says how many of how many.
    """
    import altair

    rows = _bars(tree)
    base = altair.Chart(rows).encode(y=altair.Y("row:O", axis=None))
    scale = phase_scale(rows["phase"])
    # The outline keeps a step of a second visible in a job of hours.
    bars = base.mark_bar(height={"band": 0.7}, strokeWidth=1).encode(
        x=altair.X("start:Q", title="Seconds since the job's start", scale=altair.Scale(nice=False)),
        x2="end:Q",
        color=altair.Color("phase:N", title="Phase", scale=scale, legend=altair.Legend(orient="top")),
        stroke=altair.Stroke("phase:N", scale=scale, legend=None),
    )
    widest = _CHARACTER_WIDTH * max(len(name) + name.count(_INDENT) for name in rows["name"])
    names = base.mark_text(align="left", color=INK).encode(x=altair.value(-widest), text="name:N")
    ends = base.mark_text(align="left", dx=4, fontSize=10, color=INK).encode(x="text_at:Q", text="note:N")
    root: Any = tree.iloc[0]
    started = "at an unknown time" if root.isna()["created_at"] else f"{root['created_at']:%Y-%m-%d %H:%M:%S} UTC"
    part = "" if len(rows) == len(tree) else f" Shown: the longest {len(rows)} of {len(tree)}."
    subtitle = f"Job {root['job_id']}, started {started}.{part}"
    return layered([bars, names, ends], {"width": 520, "height": altair.Step(18)}, title, subtitle)


def _bars(tree: "pandas.DataFrame") -> "pandas.DataFrame":
    seconds: Any = tree["duration_seconds"].fillna(tree["elapsed_seconds"])
    rows = tree.assign(seconds=seconds, phase=tree["phase"].fillna(NO_PHASE))
    if len(rows) > MAX_ROWS:
        rows = rows.loc[rows["seconds"].fillna(-1).sort_values(ascending=False, kind="stable").index[:MAX_ROWS]]
        rows = rows.sort_index()
    start: Any = rows["offset_seconds"]
    end = start + rows["seconds"]
    types = [job_type if isinstance(job_type, str) else NO_TYPE for job_type in rows["job_type"]]
    return rows[["phase"]].assign(
        row=range(len(rows)),
        name=[_ZERO_WIDTH + _INDENT * depth + name for depth, name in zip(rows["depth"], types, strict=True)],
        start=start,
        end=end,
        text_at=end.fillna(start).fillna(0.0),
        note=[_note(*each) for each in zip(rows["phase"], rows["seconds"], strict=True)],
    )


def _note(phase: str, seconds: float) -> str:
    if isnan(seconds):
        return "not started" if phase == "Initializing" else f"{phase}, duration unknown"
    return f"{seconds:,.1f} s" if phase == "Success" else f"{seconds:,.1f} s, {phase}"


def critical_path_chart(
    tree: "pandas.DataFrame", title: str = "One job, and the steps it waited for"
) -> "altair.LayerChart":
    """Draw rows of `critical_path` as `waterfall_chart` does, with the bars on the critical path underlined.

    Of a tree of more than MAX_ROWS only the steps on the path are drawn, at most MAX_ROWS of them, and the subtitle
    says so. A job that still runs has no critical path, and so no line.
    """
    import altair

    shown = tree
    if len(tree) > MAX_ROWS:
        shown = tree[tree["is_on_critical_path"]].head(MAX_ROWS).reset_index(drop=True)
    chart: Any = waterfall_chart(shown, title)
    ends = shown["offset_seconds"] + shown["duration_seconds"]
    lines = shown[["offset_seconds"]].assign(row=range(len(shown)), end=ends)[shown["is_on_critical_path"]]
    mark = altair.Chart(lines.dropna()).mark_rule(strokeWidth=2.5, color=INK, yOffset=8)
    path = mark.encode(x="offset_seconds:Q", x2="end:Q", y="row:O")
    part = "" if shown is tree else f" Shown: {len(shown)} steps on it, of {len(tree)} in all."
    subtitle = f"{chart.title.subtitle} Underlined: on the critical path.{part}"
    params = chart.title.copy()
    params.subtitle = subtitle
    return cast("altair.LayerChart", (chart + path).properties(title=params, description=f"{title}. {subtitle}"))
