"""How long the steps of one type took: one row a step, the median of each day, and a chart of both."""

from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import BLUE, ORANGE, layered, logarithmic, utc_axis
from cce_etl.analysis.published import Published
from cce_etl.analysis.scope import Scope, require_known

if TYPE_CHECKING:
    import altair
    import pandas

# Altair refuses more than 5,000 rows, and more points than this cannot be told apart.
MAX_POINTS: Final = 4_000
_STEPS: Final = """
    SELECT source, root_job_id, path, job_id, phase, created_at, duration_seconds, extend_param
    FROM marts.steps
    WHERE job_type = $1 AND is_finished
    ORDER BY created_at, source, root_job_id, path
"""


def durations(published: Published, step: str) -> "pandas.DataFrame":
    """Read the finished steps of one type, oldest first.

    Returns:
        One row for each source, root_job_id and path. Columns: these, job_id, phase (Success or Failed), created_at
        (naive UTC, ns), duration_seconds (NaN when a time is missing, negative when a step ends before its start), then
        one text column, as sent, for each key of extend_param that any of the steps has. A key that is also the name
        of one of the columns before it gets the prefix `extend_param.`.

    Raises:
        ConfigError: no step has this type; the message names the nearest types.
    """
    import pandas

    require_known(published, Scope(step))
    frame = published.frame(_STEPS, [step])
    # .df() gives each MAP as a dict, and a NULL as something else.
    sent = [value if isinstance(value, dict) else {} for value in frame.pop("extend_param")]
    keys = sorted({key for value in sent for key in value})
    cohorts = pandas.DataFrame({key: [value.get(key) for value in sent] for key in keys}, index=frame.index)
    taken = set(frame.columns)
    return frame.join(cohorts.rename(columns=lambda key: f"extend_param.{key}" if key in taken else key))


def measured_successes(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return the rows of `durations` that percentiles are computed from: successes with a duration of 0 or more.

    measured_count in marts.step_durations follows the same rule.
    """
    return frame[(frame["phase"] == "Success") & (frame["duration_seconds"] >= 0)]


def daily_medians(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return the median duration of the measured successes by the UTC day on which they started.

    Returns:
        One row a day. Columns: created_on (datetime64, midnight UTC), step_count, median_seconds. For all cohorts
        together, p50_seconds of marts.step_durations_daily is the same figure.
    """
    steps: Any = measured_successes(frame)
    by_day = steps.groupby(steps["created_at"].dt.floor("D").rename("created_on"))["duration_seconds"]
    medians: pandas.DataFrame = by_day.agg(step_count="count", median_seconds="median").reset_index()
    return medians


def duration_chart(frame: "pandas.DataFrame", title: str = "How long the step takes") -> "altair.LayerChart":
    """Draw the measured successes of `durations` by the time they started: steps as points, daily medians as a line.

    Of more than MAX_POINTS steps a random sample is drawn; the medians are of all steps. The subtitle says so, and how
    many rows are left out because they failed, lack a time or took 0 seconds.
    """
    import altair
    import pandas

    steps = measured_successes(frame)
    steps = steps[steps["created_at"].notna() & (steps["duration_seconds"] > 0)]
    sample = steps if len(steps) <= MAX_POINTS else steps.sample(MAX_POINTS, random_state=0)
    # A browser takes times without a zone for times in its own zone.
    points = sample[["created_at", "duration_seconds"]].assign(created_at=sample["created_at"].dt.tz_localize("UTC"))
    medians = daily_medians(steps)
    # The median of a day stands at noon, in the middle of the day's points.
    noon = medians["created_on"].dt.tz_localize("UTC") + pandas.Timedelta(hours=12)
    days = medians.assign(noon=noon)[["noon", "median_seconds"]]

    seconds = altair.Y("duration_seconds:Q", title="Duration (seconds, log scale)", **logarithmic())
    dots = altair.Chart(points).mark_circle(size=14, opacity=0.35, color=BLUE, aria=False)
    line = altair.Chart(days).mark_line(color=ORANGE, strokeWidth=2, point={"color": ORANGE, "size": 16})
    drawn = f"{len(steps):,} steps" if sample is steps else f"{MAX_POINTS:,} of {len(steps):,} steps"
    left_out = len(frame) - len(steps)
    missing = f" Not shown: {left_out:,} (failed, without a start or end time, or 0 s)." if left_out else ""
    return layered(
        [
            dots.encode(x=utc_axis("created_at", "Started (UTC)"), y=seconds),
            line.encode(x=utc_axis("noon", "Started (UTC)"), y="median_seconds:Q"),
        ],
        {"width": 680, "height": 300},
        title,
        f"Points: {drawn} in phase Success. Line: median of each UTC day.{missing}",
    )
