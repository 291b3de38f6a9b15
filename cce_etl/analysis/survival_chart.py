"""How long steps go on: the Kaplan-Meier curve beside the one that leaves running steps out.

Lives here: the drawing. Does not: the curves (`survival`).
"""

from typing import TYPE_CHECKING, Final

from cce_etl.analysis.charts import BLUE, INK, ORANGE, layered

if TYPE_CHECKING:
    import altair
    import pandas

_KAPLAN_MEIER: Final = "Kaplan-Meier, running ones too"
_ENDED: Final = "ended ones alone"


def survival_chart(curve: "pandas.DataFrame", title: str = "How long the step goes on") -> "altair.LayerChart":
    """Draw a frame of `survival`: two step lines from 1 down, and a tick where a step was last seen running."""
    import altair

    lines = altair.Chart(_lines(curve)).mark_line(interpolate="step-after", strokeWidth=2)
    names = [_KAPLAN_MEIER, _ENDED]
    curves = lines.encode(
        x=altair.X("seconds:Q", title="Seconds since the step's start"),
        y=altair.Y("share:Q", title="Share that runs longer", axis=altair.Axis(format=".0%")),
        color=altair.Color(
            "curve:N",
            title="Curve",
            scale=altair.Scale(domain=names, range=[BLUE, ORANGE]),
            legend=altair.Legend(orient="top", labelLimit=300),
        ),
        strokeDash=altair.StrokeDash(
            "curve:N", title="Curve", scale=altair.Scale(domain=names, range=[[1, 0], [6, 3]])
        ),
    )
    half = altair.Chart().mark_rule(color=INK, strokeDash=[2, 3]).encode(y=altair.datum(0.5))
    running = curve.loc[curve["censored_count"] > 0, ["seconds", "survival"]].rename(columns={"survival": "share"})
    ticks = altair.Chart(running).mark_tick(orient="vertical", color=INK, size=9).encode(x="seconds:Q", y="share:Q")
    return layered([half, curves, ticks], {"width": 560, "height": 260}, title, _subtitle(curve))


def _lines(curve: "pandas.DataFrame") -> "pandas.DataFrame":
    import pandas

    # Before the first time nothing has ended.
    start = pandas.DataFrame({"seconds": [0.0], "survival": [1.0], "ended_survival": [1.0]})
    both = pandas.concat([start, curve[list(start.columns)]], ignore_index=True)
    named = both.rename(columns={"survival": _KAPLAN_MEIER, "ended_survival": _ENDED})
    return named.melt("seconds", var_name="curve", value_name="share").dropna()


def _subtitle(curve: "pandas.DataFrame") -> str:
    ended, running = int(curve["ended_count"].sum()), int(curve["censored_count"].sum())
    return f"{ended:,} steps that ended, {running:,} last seen running (ticks). Dotted: half of them."
