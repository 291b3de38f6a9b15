"""How often each step type fails and how often it is the cause of a job's failure, with intervals, and the charts."""

from typing import TYPE_CHECKING, Final

from cce_etl.analysis.charts import INK, PHASE_COLOURS, layered, step_names
from cce_etl.analysis.published import Published

if TYPE_CHECKING:
    import altair
    import pandas

_FAILURE_RATES: Final = """
    SELECT source, job_type, finished_count, failed_count, failure_rate, failure_rate_low, failure_rate_high
    FROM marts.step_failure_rates
    WHERE finished_count > 0
    ORDER BY failure_rate DESC, finished_count DESC, source, job_type
"""
_BLAME_COLOURS: Final = {"failed": INK, "to blame": PHASE_COLOURS["Failed"]}


def failure_rates(published: Published) -> "pandas.DataFrame":
    """Read the failure rate of every step type that has finished steps, highest first.

    Returns:
        One row for each source and job_type. Columns: these, finished_count, failed_count, failure_rate (0..1),
        failure_rate_low and failure_rate_high (Wilson's 95 % interval).
    """
    return published.frame(_FAILURE_RATES)


def failure_chart(rates: "pandas.DataFrame", title: str = "How often steps fail") -> "altair.LayerChart":
    """Draw rows of `failure_rates` in the order given: one line a step type, with its source if there are several."""
    import altair

    counts = zip(rates["failed_count"], rates["finished_count"], strict=True)
    rows = rates[["failure_rate", "failure_rate_low", "failure_rate_high"]].assign(
        step=step_names(rates), count=[f"{failed:,} of {finished:,}" for failed, finished in counts]
    )
    axis_title = "Failure rate (share of finished steps)"
    base = altair.Chart(rows).encode(y=altair.Y("step:N", sort=list(rows["step"]), title=None))
    interval = base.mark_rule(strokeWidth=2, color=INK)
    rate = base.mark_point(filled=True, opacity=1, size=60, color=PHASE_COLOURS["Failed"])
    count = base.mark_text(align="left", dx=6, fontSize=10, color=INK)
    return layered(
        [
            interval.encode(x=_share("failure_rate_low", axis_title), x2="failure_rate_high:Q"),
            rate.encode(x=_share("failure_rate", axis_title)),
            count.encode(x=_share("failure_rate_high", axis_title), text="count:N"),
        ],
        {"width": 520, "height": altair.Step(20)},
        title,
        "Dot: failed / finished steps. Line: Wilson's 95 % interval. Right: the counts.",
    )


def blame_chart(
    rates: "pandas.DataFrame", title: str = "How often steps fail, and are to blame"
) -> "altair.LayerChart":
    """Draw rows of marts.step_failure_rates in the order given: one line a step type, with both of its rates.

    To blame for a root job's failure is one step: of its failed steps without a failed step below them, the one that
    ended first.
    """
    import altair
    import pandas

    counts = zip(rates["failed_count"], rates["blamed_count"], rates["finished_count"], strict=True)
    texts = [f"{failed:,} and {blamed:,} of {finished:,}" for failed, blamed, finished in counts]
    step, end = step_names(rates), rates["failure_rate_high"].fillna(0.0)
    failed, blamed = (
        pandas.DataFrame(
            {"step": step, "rate": name, "share": rates[rate], "low": rates[f"{rate}_low"]}
            | {"high": rates[f"{rate}_high"], "count": texts, "end": end}
        )
        for name, rate in (("failed", "failure_rate"), ("to blame", "blamed_rate"))
    )
    rows = pandas.concat([failed, blamed.assign(count="")], ignore_index=True)

    names = list(_BLAME_COLOURS)
    line = altair.Y("step:N", sort=list(dict.fromkeys(rows["step"])), title=None)
    scale = altair.Scale(domain=names, range=list(_BLAME_COLOURS.values()))
    colour = altair.Color("rate:N", title="Finished steps that", scale=scale, legend=altair.Legend(orient="top"))
    shape = altair.Shape("rate:N", title="Finished steps that", scale=altair.Scale(domain=names))
    base = altair.Chart(rows).encode(y=line, yOffset=altair.YOffset("rate:N", sort=names), color=colour)
    labels = altair.Chart(rows[rows["count"] != ""]).mark_text(align="left", dx=6, fontSize=10, color=INK)
    return layered(
        [
            base.mark_rule(strokeWidth=2).encode(x=_share("low"), x2="high:Q"),
            base.mark_point(filled=True, opacity=1, size=50).encode(x=_share("share"), shape=shape),
            labels.encode(y=line, x=_share("end"), text="count:N"),
        ],
        {"width": 520, "height": altair.Step(26, **{"for": "position"})},
        title,
        "Lines: Wilson's 95 % interval. Right: steps that failed and steps to blame, of the finished ones.",
    )


def _share(column: str, title: str = "Share of finished steps") -> "altair.X":
    import altair

    return altair.X(f"{column}:Q", title=title, axis=altair.Axis(format=".0%"))
