"""Cohorts side by side: the median with its interval, and the range most steps lie in.

Lives here: the drawing. Does not: the figures (`cohorts`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import BLUE, INK, ORANGE, layered, log_axis, log_scale

if TYPE_CHECKING:
    import altair
    import pandas

# Altair refuses more than 5,000 rows, and no one reads as many cohorts as that.
MOST_COHORTS: Final = 60
_AXIS_TITLE: Final = "Duration (seconds, log scale)"


def cohort_chart(
    compared: "pandas.DataFrame", by: Sequence[str], title: str = "How long the step takes, by cohort"
) -> "altair.LayerChart":
    """Draw rows of `compare_cohorts`: one line a cohort of the columns `by`, slowest median first.

    With a column `period` of two texts, not in `by`, each cohort has a line for both, in two colours and shapes,
    the texts in alphabetical order. Of more than MOST_COHORTS the slowest are drawn, and the subtitle says so.
    """
    import altair

    rows = _labelled(compared, by)
    cohorts = list(dict.fromkeys(rows.sort_values("p50_seconds", ascending=False)["cohort"]))
    order = cohorts[:MOST_COHORTS]
    rows = rows[rows["cohort"].isin(order)]
    base = altair.Chart(rows).encode(y=altair.Y("cohort:N", sort=order, title=", ".join(by)), **_by_period(rows))
    span = base.mark_rule(strokeWidth=1.5).encode(x=_seconds("p10_seconds"), x2="p90_seconds:Q")
    interval = base.mark_rule(strokeWidth=6, opacity=0.45).encode(x=_seconds("p50_low"), x2="p50_high:Q")
    middle = base.mark_point(filled=True, opacity=1, size=60).encode(x=_seconds("p50_seconds"), **_shape(rows))
    count = base.mark_text(align="left", dx=6, fontSize=10, color=INK).encode(
        x=_seconds("p90_seconds"), text="count:N", color=altair.value(INK)
    )
    height = altair.Step(34 if "period" in rows else 22, **{"for": "position"})
    return layered([span, interval, middle, count], {"width": 520, "height": height}, title, _subtitle(len(cohorts)))


def _labelled(compared: "pandas.DataFrame", by: Sequence[str]) -> "pandas.DataFrame":
    # A dot in a column's name means a nested field to Vega, so cohorts become one plain column.
    names: Any = compared[list(by)].astype(str)
    columns = ["p10_seconds", "p50_seconds", "p90_seconds", "p50_low", "p50_high"]
    columns += ["period"] if "period" in compared and "period" not in by else []
    return compared[columns].assign(
        cohort=names.agg(", ".join, axis=1),
        count=[f"{steps:,} steps, {jobs:,} jobs" for steps, jobs in _counts(compared)],
    )


def _subtitle(cohort_count: int) -> str:
    part = f" Shown: the slowest {MOST_COHORTS} of {cohort_count:,}." if cohort_count > MOST_COHORTS else ""
    return f"Dot: median. Thick bar: its 95 % interval. Thin line: 10th to 90th percentile.{part}"


def _counts(compared: "pandas.DataFrame") -> list[tuple[int, int]]:
    return list(zip(compared["step_count"], compared["job_count"], strict=True))


def _by_period(rows: "pandas.DataFrame") -> dict[str, Any]:
    import altair

    if "period" not in rows:
        return {"color": altair.value(BLUE)}
    periods = _periods(rows)
    scale = altair.Scale(domain=periods, range=[BLUE, ORANGE])
    return {
        "color": altair.Color("period:N", scale=scale, title="Started", legend=altair.Legend(orient="top")),
        "yOffset": altair.YOffset("period:N", sort=periods),
    }


def _shape(rows: "pandas.DataFrame") -> dict[str, Any]:
    import altair

    if "period" not in rows:
        return {}
    return {"shape": altair.Shape("period:N", scale=altair.Scale(domain=_periods(rows)), title="Started")}


def _periods(rows: "pandas.DataFrame") -> list[str]:
    return sorted(rows["period"].unique())


def _seconds(column: str) -> "altair.X":
    import altair

    return altair.X(f"{column}:Q", title=_AXIS_TITLE, scale=log_scale(), axis=log_axis())
