"""How long the steps of one type took: one row a step, and the median of each day.

Lives here: reading steps with their cohorts as columns, and which of them count as measured.
Does not: comparing cohorts (`cohorts`), drawing (`duration_chart`).
"""

from typing import TYPE_CHECKING, Any

from cce_etl.analysis.explain.scope import Scope, require_known
from cce_etl.analysis.published import Published

if TYPE_CHECKING:
    import pandas

_STEPS = """
    SELECT source, root_job_id, path, job_id, phase, created_at, duration_seconds, extend_param
    FROM marts.steps
    WHERE job_type = $1 AND is_finished
    ORDER BY created_at, source, root_job_id, path
"""


def durations(published: Published, step: str) -> "pandas.DataFrame":
    """Read the finished steps of one type, oldest first.

    Grain: source, root_job_id, path. Columns: these, job_id, phase (Success or Failed), created_at (naive UTC, ns),
    duration_seconds (NaN without both clocks, negative when the clocks say so), then one text column for each key of
    extend_param that any of the steps has, as sent; one named like a column before it has `extend_param.` in front.
    Raises ConfigError, naming the nearest ones, for a type no step has.
    """
    import pandas

    require_known(published, Scope(step))
    frame = published.frame(_STEPS, [step])
    # .df() gives each MAP as a dict, and a NULL as no dict.
    sent = [value if isinstance(value, dict) else {} for value in frame.pop("extend_param")]
    keys = sorted({key for value in sent for key in value})
    cohorts = pandas.DataFrame({key: [value.get(key) for value in sent] for key in keys}, index=frame.index)
    taken = set(frame.columns)
    return frame.join(cohorts.rename(columns=lambda key: f"extend_param.{key}" if key in taken else key))


def measured_successes(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """Keep the rows of `durations` that percentiles are made of: successes with a duration of 0 or more.

    The same rule as measured_count in marts.step_durations.
    """
    return frame[(frame["phase"] == "Success") & (frame["duration_seconds"] >= 0)]


def daily_medians(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return the median duration of the measured successes by the UTC day they started on.

    Grain: created_on (datetime64, midnight UTC). Columns: it, step_count, median_seconds. Source: `p50_seconds` of
    marts.step_durations_daily is the same figure, there for all cohorts together.
    """
    steps: Any = measured_successes(frame)
    by_day = steps.groupby(steps["created_at"].dt.floor("D").rename("created_on"))["duration_seconds"]
    medians: pandas.DataFrame = by_day.agg(step_count="count", median_seconds="median").reset_index()
    return medians
