"""One job's waterfall: a bar a step from start to end, below the step it belongs to, coloured by phase.

Lives here: the drawing. Does not: reading the tree (`waterfalls`).
"""

from math import isnan
from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import INK, NO_PHASE, layered, phase_scale

if TYPE_CHECKING:
    import altair
    import pandas

# About two screens; beyond it the longest steps are drawn.
MOST_ROWS: Final = 60
# Vega trims white space at the ends of a text; a zero-width space in front, which is none to it, keeps the indentation.
_ZERO_WIDTH: Final = "\u200b"
_INDENT: Final = "\u2003"
_CHARACTER_WIDTH: Final = 6.6


def waterfall_chart(tree: "pandas.DataFrame", title: str = "One job, step by step") -> "altair.LayerChart":
    """Draw the rows of `waterfall` in their order; time runs in seconds from the root's start.

    A step that has not started has a name and no bar. Of more than MOST_ROWS the longest are drawn, and the subtitle
    says how many of how many.
    """
    import altair

    rows = _rows(tree)
    base = altair.Chart(rows).encode(y=altair.Y("row:O", axis=None))
    scale = phase_scale(rows["phase"])
    # The outline keeps a step of a second visible in a job of hours.
    bars = base.mark_bar(height={"band": 0.7}, strokeWidth=1).encode(
        x=altair.X("start:Q", title="Seconds since the job's start", scale=altair.Scale(nice=False)),
        x2="end:Q",
        color=altair.Color("phase:N", title="Phase", scale=scale, legend=altair.Legend(orient="top")),
        stroke=altair.Stroke("phase:N", scale=scale, legend=None),
    )
    names = base.mark_text(align="left", color=INK).encode(x=altair.value(-_widest(rows["name"])), text="name:N")
    ends = base.mark_text(align="left", dx=4, fontSize=10, color=INK).encode(x="text_at:Q", text="note:N")
    size = {"width": 520, "height": altair.Step(18)}
    return layered([bars, names, ends], size, title, _subtitle(tree, len(rows)))


def _rows(tree: "pandas.DataFrame") -> "pandas.DataFrame":
    seconds: Any = tree["duration_seconds"].fillna(tree["elapsed_seconds"])
    rows = tree.assign(seconds=seconds, phase=tree["phase"].fillna(NO_PHASE))
    if len(rows) > MOST_ROWS:
        rows = rows.loc[rows["seconds"].fillna(-1).sort_values(ascending=False, kind="stable").index[:MOST_ROWS]]
        rows = rows.sort_index()
    start: Any = rows["offset_seconds"]
    end = start + rows["seconds"]
    return rows[["phase"]].assign(
        row=range(len(rows)),
        name=[_named(*each) for each in zip(rows["depth"], rows["job_type"], strict=True)],
        start=start,
        end=end,
        text_at=end.fillna(start).fillna(0.0),
        note=[_note(*each) for each in zip(rows["phase"], rows["seconds"], strict=True)],
    )


def _named(depth: int, kind: Any) -> str:
    return _ZERO_WIDTH + _INDENT * depth + (kind if isinstance(kind, str) else "no type sent")


def _widest(names: "pandas.Series[str]") -> float:
    return _CHARACTER_WIDTH * max(len(name) + name.count(_INDENT) for name in names)


def _note(phase: str, seconds: float) -> str:
    if isnan(seconds):
        return "not started" if phase == "Initializing" else f"{phase}, without a clock"
    return f"{seconds:,.1f} s" if phase == "Success" else f"{seconds:,.1f} s, {phase}"


def _subtitle(tree: "pandas.DataFrame", row_count: int) -> str:
    root: Any = tree.iloc[0]
    started = root["created_at"]
    begun = "at an unknown time" if root.isna()["created_at"] else f"{started:%Y-%m-%d %H:%M:%S} UTC"
    part = "" if row_count == len(tree) else f" Shown: the longest {row_count} of {len(tree)}."
    return f"Job {root['job_id']}, started {begun}.{part}"
