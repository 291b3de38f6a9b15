"""Running steps against their kind: how old each is, beside how old steps of its type get.

Lives here: the drawing. Does not: ages, odds and what counts as stuck (marts.running_steps).
"""

from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import INK, PHASE_COLOURS, layered, log_axis, log_scale

if TYPE_CHECKING:
    import altair
    import pandas

_SUBTITLE: Final = "Dot: age of a running step. Line: 99th percentile to longest of finished steps of its type."
_STATES: Final = {"ordinary": PHASE_COLOURS["Running"], "stuck": PHASE_COLOURS["Failed"]}


def running_chart(running: "pandas.DataFrame", title: str = "How long running steps have run") -> "altair.LayerChart":
    """Draw rows of marts.running_steps: one line a step type, those nearest to the end of their kind first.

    Steps without an age above 0 s are left out. A type of which none has finished has dots and no line.
    """
    import altair

    rows = _rows(running)
    nearness: Any = (rows["age_seconds"] / rows["kind_p99_seconds"]).groupby(rows["job_type"]).max()
    order = list(nearness.sort_values(ascending=False, kind="stable").index)
    line = altair.Y("job_type:N", sort=order, title=None)
    kinds = altair.Chart(rows.drop_duplicates("job_type").dropna(subset="kind_p99_seconds"))
    reach = kinds.mark_rule(strokeWidth=3, color=INK).encode(
        x=_seconds("kind_p99_seconds"), x2="kind_max_seconds", y=line
    )
    ages = altair.Chart(rows).mark_circle(size=45, opacity=0.7, stroke="white", strokeWidth=0.5)
    scale = altair.Scale(domain=list(_STATES), range=list(_STATES.values()))
    colour = altair.Color("state:N", title="Running steps", scale=scale, legend=altair.Legend(orient="top"))
    dots = ages.encode(x=_seconds("age_seconds"), y=line, color=colour)
    return layered([reach, dots], {"width": 520, "height": altair.Step(20)}, title, _SUBTITLE)


def _rows(running: "pandas.DataFrame") -> "pandas.DataFrame":
    aged = running[running["age_seconds"] > 0]
    columns = ["age_seconds", "kind_p99_seconds", "kind_max_seconds"]
    return aged[columns].assign(
        job_type=aged["job_type"].fillna("no type sent"), state=aged["is_stuck"].map({True: "stuck", False: "ordinary"})
    )


def _seconds(column: str) -> "altair.X":
    import altair

    return altair.X(
        f"{column}:Q", title="Seconds since the step's start (log scale)", scale=log_scale(), axis=log_axis()
    )
