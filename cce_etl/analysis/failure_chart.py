"""Failure rates of step types, each with its interval.

Lives here: the drawing. Does not: the figures (`failures`).
"""

from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import INK, PHASE_COLOURS, layered

if TYPE_CHECKING:
    import altair
    import pandas

_SUBTITLE: Final = "Dot: failed / finished steps. Line: Wilson's 95 % interval. Right: the counts."


def failure_chart(rates: "pandas.DataFrame", title: str = "How often steps fail") -> "altair.LayerChart":
    """Draw rows of `failure_rates`, one line a step type, in the order given; several sources are named apart."""
    import altair

    rows = _labelled(rates)
    base = altair.Chart(rows).encode(y=altair.Y("step:N", sort=list(rows["step"]), title=None))
    interval = base.mark_rule(strokeWidth=2, color=INK).encode(x=_rate("failure_rate_low"), x2="failure_rate_high:Q")
    rate = base.mark_point(filled=True, opacity=1, size=60, color=PHASE_COLOURS["Failed"]).encode(
        x=_rate("failure_rate")
    )
    count = base.mark_text(align="left", dx=6, fontSize=10, color=INK).encode(
        x=_rate("failure_rate_high"), text="count:N"
    )
    size = {"width": 520, "height": altair.Step(20)}
    return layered([interval, rate, count], size, title, _SUBTITLE)


def _labelled(rates: "pandas.DataFrame") -> "pandas.DataFrame":
    types: Any = rates["job_type"].fillna("no type sent")
    has_one_source = rates["source"].nunique() <= 1
    counts = zip(rates["failed_count"], rates["finished_count"], strict=True)
    return rates[["failure_rate", "failure_rate_low", "failure_rate_high"]].assign(
        step=types if has_one_source else types + " (" + rates["source"] + ")",
        count=[f"{failed:,} of {finished:,}" for failed, finished in counts],
    )


def _rate(column: str) -> "altair.X":
    import altair

    return altair.X(f"{column}:Q", title="Failure rate (share of finished steps)", axis=altair.Axis(format=".0%"))
