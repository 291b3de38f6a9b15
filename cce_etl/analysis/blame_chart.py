"""Failure rates with blame: how often each step type fails, and how often the failure began there.

Lives here: the drawing. Does not: the rates, their intervals and the blame (marts.step_failure_rates).
"""

from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import INK, PHASE_COLOURS, layered

if TYPE_CHECKING:
    import altair
    import pandas

_SUBTITLE: Final = "Lines: Wilson's 95 % interval. Right: failed, and to blame, of finished steps."
_RATES: Final = {"failed": ("failure_rate", INK), "to blame": ("blamed_rate", PHASE_COLOURS["Failed"])}


def blame_chart(
    rates: "pandas.DataFrame", title: str = "How often steps fail, and are to blame"
) -> "altair.LayerChart":
    """Draw rows of marts.step_failure_rates in the order given: one line a step type, both rates one above the other.

    A failed step is to blame when its root's failure is put down to it, and not to a step below it.
    """
    import altair

    rows = _rows(rates)
    line = altair.Y("step:N", sort=list(dict.fromkeys(rows["step"])), title=None)
    domain = list(_RATES)
    scale = altair.Scale(domain=domain, range=[colour for _, colour in _RATES.values()])
    colour = altair.Color("rate:N", title="Finished steps that", scale=scale, legend=altair.Legend(orient="top"))
    base = altair.Chart(rows).encode(y=line, yOffset=altair.YOffset("rate:N", sort=domain), color=colour)
    intervals = base.mark_rule(strokeWidth=2).encode(x=_share("low"), x2="high:Q")
    shape = altair.Shape("rate:N", title="Finished steps that", scale=altair.Scale(domain=domain))
    points = base.mark_point(filled=True, opacity=1, size=50).encode(x=_share("share"), shape=shape)
    counts = altair.Chart(rows[rows["count"] != ""]).mark_text(align="left", dx=6, fontSize=10, color=INK)
    texts = counts.encode(y=line, x=_share("end"), text="count:N")
    height = altair.Step(26, **{"for": "position"})
    return layered([intervals, points, texts], {"width": 520, "height": height}, title, _SUBTITLE)


def _rows(rates: "pandas.DataFrame") -> "pandas.DataFrame":
    import pandas

    types: Any = rates["job_type"].fillna("no type sent")
    step = types if rates["source"].nunique() <= 1 else types + " (" + rates["source"] + ")"
    parts = [
        pandas.DataFrame(
            {
                "step": step,
                "rate": rate,
                "share": rates[name],
                "low": rates[f"{name}_low"],
                "high": rates[f"{name}_high"],
            }
        )
        for rate, (name, _) in _RATES.items()
    ]
    counts = zip(rates["failed_count"], rates["blamed_count"], rates["finished_count"], strict=True)
    texts = [f"{failed:,} and {blamed:,} of {finished:,}" for failed, blamed, finished in counts]
    end = rates["failure_rate_high"].fillna(0.0)
    return pandas.concat([parts[0].assign(count=texts, end=end), parts[1].assign(count="", end=end)], ignore_index=True)


def _share(column: str) -> "altair.X":
    import altair

    return altair.X(f"{column}:Q", title="Share of finished steps", axis=altair.Axis(format=".0%"))
