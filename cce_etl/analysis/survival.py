"""How long steps run, counting those still running: Kaplan-Meier curves, ages of running steps, and their charts."""

from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import BLUE, INK, NO_TYPE, ORANGE, PHASE_COLOURS, layered, logarithmic
from cce_etl.analysis.published import Published
from cce_etl.analysis.scope import Scope, require_known

if TYPE_CHECKING:
    import altair
    import pandas

_CURVE: Final = """
    WITH times AS (
        SELECT
            coalesce(duration_seconds, elapsed_seconds) AS seconds,
            count(*) FILTER (is_finished) AS ended_count,
            count(*) FILTER (NOT is_finished) AS censored_count
        FROM marts.steps
        WHERE job_type = $1 AND seconds >= 0 AND ($2::TIMESTAMP_NS IS NULL OR created_at >= $2::TIMESTAMP_NS)
        GROUP BY seconds
    ),
    risks AS (
        SELECT
            *,
            sum(ended_count + censored_count) OVER onward AS at_risk_count,
            sum(ended_count) OVER onward AS at_risk_ended_count
        FROM times
        WINDOW onward AS (ORDER BY seconds DESC)
    )
    SELECT
        seconds,
        at_risk_count::BIGINT AS at_risk_count,
        ended_count,
        censored_count,
        product(1 - ended_count / at_risk_count) OVER (ORDER BY seconds) AS survival,
        (at_risk_ended_count - ended_count) / nullif(sum(ended_count) OVER (), 0) AS ended_survival
    FROM risks
    ORDER BY seconds
"""
_CURVE_NAMES: Final = {"survival": "Kaplan-Meier, with running steps", "ended_survival": "ended steps only"}
_STATE_COLOURS: Final = {"not stuck": PHASE_COLOURS["Running"], "stuck": PHASE_COLOURS["Failed"]}


def survival(published: Published, step: str, since: str | None = None) -> "pandas.DataFrame":
    """Read the survival curve of a step type over all sources: of all steps, or of those started from `since` on.

    Args:
        published: The published file.
        step: The step type.
        since: A time in UTC, as DuckDB reads it.

    Returns:
        One row for each number of seconds after the start at which a step ended or was last seen running. Columns:
        seconds, at_risk_count (steps known to run just before), ended_count (in Success or Failed), censored_count
        (last seen running then), survival (share that runs longer, 0..1; E. L. Kaplan and P. Meier, 1958),
        ended_survival (the same share of the ended steps only, which is too low while others run; NaN when none ended).

    Raises:
        WarehouseError: DuckDB does not read `since`.
        ConfigError: no step has this type; the message names the nearest types.
    """
    require_known(published, Scope(step))
    return published.frame(_CURVE, [step, since])


def percentile_seconds(curve: "pandas.DataFrame", share: float, column: str = "survival") -> float:
    """Return the least seconds by which a share (0..1) of the steps has ended; NaN if the curve does not reach it.

    `column` is the column of `survival` to read.
    """
    # Products of fractions miss round shares by rounding errors.
    reached = curve.loc[curve[column] <= 1 - share + 1e-12, "seconds"]
    return float(reached.min())


def survival_chart(curve: "pandas.DataFrame", title: str = "How long the step runs") -> "altair.LayerChart":
    """Draw a frame of `survival`: two falling step lines, and a tick where a step was last seen running."""
    import altair
    import pandas

    # At the start nothing has ended, and the frame begins only with the first end.
    start = pandas.DataFrame({"seconds": [0.0], "survival": [1.0], "ended_survival": [1.0]})
    both = pandas.concat([start, curve[list(start.columns)]], ignore_index=True).rename(columns=_CURVE_NAMES)
    rows = both.melt("seconds", var_name="curve", value_name="share").dropna()
    running = curve.loc[curve["censored_count"] > 0, ["seconds", "survival"]].rename(columns={"survival": "share"})

    names = list(_CURVE_NAMES.values())
    dashes = altair.Scale(domain=names, range=[[1, 0], [6, 3]])
    legend = altair.Legend(orient="top", labelLimit=300)
    curves = altair.Chart(rows).mark_line(interpolate="step-after", strokeWidth=2)
    half = altair.Chart().mark_rule(color=INK, strokeDash=[2, 3])
    ticks = altair.Chart(running).mark_tick(orient="vertical", color=INK, size=9)
    ended_count, running_count = int(curve["ended_count"].sum()), int(curve["censored_count"].sum())
    return layered(
        [
            half.encode(y=altair.datum(0.5)),
            curves.encode(
                x=altair.X("seconds:Q", title="Seconds since the step's start"),
                y=altair.Y("share:Q", title="Share that runs longer", axis=altair.Axis(format=".0%")),
                color=altair.Color(
                    "curve:N", title="Curve", scale=altair.Scale(domain=names, range=[BLUE, ORANGE]), legend=legend
                ),
                strokeDash=altair.StrokeDash("curve:N", title="Curve", scale=dashes),
            ),
            ticks.encode(x="seconds:Q", y="share:Q"),
        ],
        {"width": 560, "height": 260},
        title,
        f"{ended_count:,} steps ended, {running_count:,} were last seen running (ticks). Dotted line: half of them.",
    )


def running_chart(running: "pandas.DataFrame", title: str = "How long running steps have run") -> "altair.LayerChart":
    """Draw rows of marts.running_steps: one line a step type; types whose steps are nearest to their limit come first.

    The limit is the 99th percentile of the finished steps of the type; a type without finished steps has only dots.
    Steps without an age above 0 s are left out.
    """
    import altair

    aged = running[running["age_seconds"] > 0]
    rows = aged[["age_seconds", "kind_p99_seconds", "kind_max_seconds"]].assign(
        job_type=aged["job_type"].fillna(NO_TYPE), state=aged["is_stuck"].map({True: "stuck", False: "not stuck"})
    )
    share_of_limit: Any = (rows["age_seconds"] / rows["kind_p99_seconds"]).groupby(rows["job_type"]).max()
    order = list(share_of_limit.sort_values(ascending=False, kind="stable").index)

    def seconds(column: str) -> "altair.X":
        return altair.X(f"{column}:Q", title="Seconds since the step's start (log scale)", **logarithmic())

    line = altair.Y("job_type:N", sort=order, title=None)
    limits = altair.Chart(rows.drop_duplicates("job_type").dropna(subset="kind_p99_seconds"))
    ages = altair.Chart(rows).mark_circle(size=45, opacity=0.7, stroke="white", strokeWidth=0.5)
    scale = altair.Scale(domain=list(_STATE_COLOURS), range=list(_STATE_COLOURS.values()))
    colour = altair.Color("state:N", title="Running steps", scale=scale, legend=altair.Legend(orient="top"))
    limit = limits.mark_rule(strokeWidth=3, color=INK)
    return layered(
        [
            limit.encode(x=seconds("kind_p99_seconds"), x2="kind_max_seconds", y=line),
            ages.encode(x=seconds("age_seconds"), y=line, color=colour),
        ],
        {"width": 520, "height": altair.Step(20)},
        title,
        "Dot: age of a running step. Line: from the 99th percentile to the longest of the type's finished steps.",
    )
