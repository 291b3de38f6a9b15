"""Step durations over time: every step a point, the median of each day a line.

Lives here: the drawing. Does not: which steps (`durations`).
"""

from typing import TYPE_CHECKING, Final

from cce_etl.analysis.charts import BLUE, ORANGE, in_utc, layered, log_axis, log_scale, utc_axis
from cce_etl.analysis.durations import daily_medians, measured_successes

if TYPE_CHECKING:
    import altair
    import pandas

# Altair refuses more than 5,000 rows, and more points than this are a blot.
MOST_POINTS: Final = 4_000


def duration_chart(frame: "pandas.DataFrame", title: str = "How long the step takes") -> "altair.LayerChart":
    """Draw the measured successes among rows of `durations` over the time they started, on a logarithmic scale.

    Of more than MOST_POINTS steps an evenly drawn part is shown; the medians are of all. The subtitle says so, and how
    many rows are not shown because they failed, lack a clock or took no time.
    """
    import altair

    shown = _drawable(frame)
    points = shown if len(shown) <= MOST_POINTS else shown.sample(MOST_POINTS, random_state=0)
    base = altair.Chart(_points(points)).mark_circle(size=14, opacity=0.35, color=BLUE, aria=False)
    seconds = altair.Y("duration_seconds:Q", title="Duration (seconds, log scale)", scale=log_scale(), axis=log_axis())
    steps = base.encode(x=utc_axis("created_at", "Started (UTC)"), y=seconds)
    medians = altair.Chart(_days(shown)).mark_line(color=ORANGE, strokeWidth=2, point={"color": ORANGE, "size": 16})
    days = medians.encode(x=utc_axis("noon", "Started (UTC)"), y="median_seconds:Q")
    size = {"width": 680, "height": 300}
    return layered([steps, days], size, title, _subtitle(len(frame), len(shown), len(points)))


def _drawable(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    steps = measured_successes(frame)
    return steps[steps["created_at"].notna() & (steps["duration_seconds"] > 0)]


def _points(steps: "pandas.DataFrame") -> "pandas.DataFrame":
    return steps[["created_at", "duration_seconds"]].assign(created_at=in_utc(steps["created_at"]))


def _days(steps: "pandas.DataFrame") -> "pandas.DataFrame":
    import pandas

    medians = daily_medians(steps)
    # A day's median stands at its noon, among the day's points.
    noon = in_utc(medians["created_on"]) + pandas.Timedelta(hours=12)
    return medians.assign(noon=noon)[["noon", "median_seconds"]]


def _subtitle(row_count: int, shown_count: int, point_count: int) -> str:
    drawn = f"{shown_count:,} steps" if point_count == shown_count else f"{point_count:,} of {shown_count:,} steps"
    left_out = row_count - shown_count
    missing = f" Not shown: {left_out:,} (failed, without a clock, or 0 s)." if left_out else ""
    return f"Points: {drawn} in phase Success. Line: median of each UTC day.{missing}"
