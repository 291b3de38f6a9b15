"""Cohorts of steps compared: medians with intervals that respect that steps of one job are alike, and their chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isnan, log, nan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import BLUE, INK, ORANGE, layered, logarithmic
from cce_etl.analysis.durations import measured_successes

if TYPE_CHECKING:
    import altair
    import pandas

# With fewer than six independent values not even the range from least to greatest covers the median 95 % of the time:
# 1 - 2 * 0.5**5 = 0.9375.
MIN_JOBS: Final = 6
# Altair refuses more than 5,000 rows, and nobody reads as many cohorts as that.
MAX_COHORTS: Final = 60
_Z: Final = NormalDist().inv_cdf(0.975)
_FIGURES: Final = ("step_count", "job_count", "p10_seconds", "p50_seconds", "p90_seconds", "p50_low", "p50_high")


@dataclass(frozen=True, slots=True)
class CohortChange:
    """The ratio of two median durations with its 95 % interval; NaN where there are too few jobs."""

    ratio: float
    ratio_low: float
    ratio_high: float

    def __str__(self) -> str:
        return f"{self.ratio:.2f} times (95 % interval {self.ratio_low:.2f} to {self.ratio_high:.2f})"


def compare_cohorts(frame: "pandas.DataFrame", by: Sequence[str]) -> "pandas.DataFrame":
    """Describe the measured successes of each cohort of `durations`, slowest median first.

    Returns:
        One row for each combination of values in the columns `by`; steps that lack one of these values are left out.
        Columns: `by`, step_count, job_count, p10_seconds, p50_seconds, p90_seconds, and p50_low and p50_high, the 95 %
        interval of the median (seconds; NaN with fewer than MIN_JOBS jobs).

    Raises:
        KeyError: a column is not there.
    """
    import pandas

    columns = list(by)
    steps = measured_successes(frame)
    # Grouping by the columns, not by their names: of a frame of one row, groupby takes an unknown name for its groups.
    groups: Any = steps.groupby([steps[column] for column in columns], observed=True)
    rows = [dict(zip(columns, key, strict=True)) | _describe(cohort) for key, cohort in groups]
    described = pandas.DataFrame(rows, columns=[*columns, *_FIGURES])
    return described.sort_values("p50_seconds", ascending=False, kind="stable", ignore_index=True)


def change_in_median(before: "pandas.DataFrame", after: "pandas.DataFrame") -> CohortChange:
    """Return the median of `after` over the median of `before`, both rows of `durations` of different jobs.

    The intervals of the two medians are combined on the logarithm (MOVER: Zou and Donner 2008, Statistics in
    Medicine 27).
    """
    old, new = _describe(measured_successes(before)), _describe(measured_successes(after))
    names = ("p50_low", "p50_seconds", "p50_high")
    return ratio_of_medians([old[name] for name in names], [new[name] for name in names])


def ratio_of_medians(before: Sequence[float | None], after: Sequence[float | None]) -> CohortChange:
    """Return one median over another, as `change_in_median` does; each is given as (low end, median, high end)."""
    figures = [nan if figure is None else figure for figure in (*before, *after)]
    if any(isnan(figure) or figure <= 0 for figure in figures):
        return CohortChange(nan, nan, nan)
    old_low, old_middle, old_high, new_low, new_middle, new_high = map(log, figures)
    down = sqrt((new_middle - new_low) ** 2 + (old_high - old_middle) ** 2)
    up = sqrt((new_high - new_middle) ** 2 + (old_middle - old_low) ** 2)
    change = new_middle - old_middle
    return CohortChange(exp(change), exp(change - down), exp(change + up))


def _describe(steps: "pandas.DataFrame") -> dict[str, float]:
    seconds: Any = steps["duration_seconds"]
    job_count: int = steps.groupby(["source", "root_job_id"]).ngroups
    quantiles = [seconds.quantile(share) for share in (0.1, 0.5, 0.9)]
    return dict(zip(_FIGURES, [len(steps), job_count, *quantiles, *_median_interval(steps)], strict=True))


def _median_interval(steps: "pandas.DataFrame") -> tuple[float, float]:
    """Return the 95 % interval of the median, in seconds; the jobs are independent of each other, their steps are not.

    The share of steps below the median varies by job. Its standard error, turned into quantiles, gives the interval
    (Woodruff 1952, Journal of the American Statistical Association 47).
    """
    seconds: Any = steps["duration_seconds"]
    middle = seconds.median()
    side = ((seconds < middle).astype(float) - (seconds > middle).astype(float)) / 2
    by_job: Any = side.groupby([steps["source"], steps["root_job_id"]]).sum()
    job_count = len(by_job)
    if job_count < MIN_JOBS:
        return nan, nan
    variance = float((by_job**2).sum()) / len(steps) ** 2 * job_count / (job_count - 1)
    reach = min(0.5, _Z * sqrt(variance))
    return float(seconds.quantile(0.5 - reach)), float(seconds.quantile(0.5 + reach))


def cohort_chart(
    compared: "pandas.DataFrame", by: Sequence[str], title: str = "How long the step takes, by cohort"
) -> "altair.LayerChart":
    """Draw rows of `compare_cohorts`: one line a cohort of the columns `by`, slowest median first.

    With a column `period` of two texts that is not in `by`, each cohort has one line for each period, in two colours
    and shapes, in alphabetical order. Of more than MAX_COHORTS the slowest are drawn, and the subtitle says so.
    """
    import altair

    has_periods = "period" in compared and "period" not in by
    names: Any = compared[list(by)].astype(str)
    counts = zip(compared["step_count"], compared["job_count"], strict=True)
    # A dot in a column's name means a nested field to Vega, so the cohort's values become one plain column.
    rows = compared[[*_FIGURES[2:], *(["period"] if has_periods else [])]].assign(
        cohort=names.agg(", ".join, axis=1), count=[f"{steps:,} steps, {jobs:,} jobs" for steps, jobs in counts]
    )
    cohorts = list(dict.fromkeys(rows.sort_values("p50_seconds", ascending=False)["cohort"]))
    order = cohorts[:MAX_COHORTS]
    rows = rows[rows["cohort"].isin(order)]

    by_period: dict[str, Any] = {"color": altair.value(BLUE)}
    shape: dict[str, Any] = {}
    if has_periods:
        periods = sorted(rows["period"].unique())
        scale, legend = altair.Scale(domain=periods, range=[BLUE, ORANGE]), altair.Legend(orient="top")
        by_period = {
            "color": altair.Color("period:N", scale=scale, title="Started", legend=legend),
            "yOffset": altair.YOffset("period:N", sort=periods),
        }
        shape = {"shape": altair.Shape("period:N", scale=altair.Scale(domain=periods), title="Started")}

    def seconds(column: str) -> "altair.X":
        return altair.X(f"{column}:Q", title="Duration (seconds, log scale)", **logarithmic())

    base = altair.Chart(rows).encode(y=altair.Y("cohort:N", sort=order, title=", ".join(by)), **by_period)
    span = base.mark_rule(strokeWidth=1.5).encode(x=seconds("p10_seconds"), x2="p90_seconds:Q")
    interval = base.mark_rule(strokeWidth=6, opacity=0.45).encode(x=seconds("p50_low"), x2="p50_high:Q")
    middle = base.mark_point(filled=True, opacity=1, size=60).encode(x=seconds("p50_seconds"), **shape)
    count = base.mark_text(align="left", dx=6, fontSize=10, color=INK).encode(
        x=seconds("p90_seconds"), text="count:N", color=altair.value(INK)
    )
    size = {"width": 520, "height": altair.Step(34 if has_periods else 22, **{"for": "position"})}
    part = f" Shown: the slowest {MAX_COHORTS} of {len(cohorts):,}." if len(cohorts) > MAX_COHORTS else ""
    subtitle = f"Dot: median. Thick bar: its 95 % interval. Thin line: 10th to 90th percentile.{part}"
    return layered([span, interval, middle, count], size, title, subtitle)
