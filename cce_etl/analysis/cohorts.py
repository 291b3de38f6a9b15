"""Cohorts compared: medians with an interval that knows that steps of one job are alike, and the ratio of two.

Lives here: the figures. Does not: which cohorts to look at (the analyst), drawing (`cohort_chart`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isnan, log, nan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.durations import measured_successes

if TYPE_CHECKING:
    import pandas

# Below six independent values not even least to greatest covers the median 95 % of the time: 1 - 2 * 0.5**5 = 0.9375.
LEAST_JOBS: Final = 6
_Z: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class CohortChange:
    """Hold how many times as long the median step takes, with its 95 % interval; NaN where there is too little."""

    ratio: float
    ratio_low: float
    ratio_high: float

    def __str__(self) -> str:
        return f"{self.ratio:.2f} times (95 % interval {self.ratio_low:.2f} to {self.ratio_high:.2f})"


def compare_cohorts(frame: "pandas.DataFrame", by: Sequence[str]) -> "pandas.DataFrame":
    """Describe the measured successes of each cohort of `durations`, slowest median first.

    Grain: the columns named in `by`; steps that lack one of them are left out. Columns: these, step_count, job_count,
    p10_seconds, p50_seconds, p90_seconds, and p50_low and p50_high, the 95 % interval of the median (seconds, NaN with
    fewer than LEAST_JOBS jobs). Raises KeyError for a column that is not there.
    """
    import pandas

    columns = list(by)
    steps = measured_successes(frame)
    # By the columns themselves: groupby takes a name that is no column for the groups of a frame of one row.
    groups: Any = steps.groupby([steps[column] for column in columns], observed=True)
    rows = [dict(zip(columns, key, strict=True)) | _described(cohort) for key, cohort in groups]
    names = [*columns, "step_count", "job_count", "p10_seconds", "p50_seconds", "p90_seconds", "p50_low", "p50_high"]
    described = pandas.DataFrame(rows, columns=names)
    return described.sort_values("p50_seconds", ascending=False, kind="stable", ignore_index=True)


def change_in_median(before: "pandas.DataFrame", after: "pandas.DataFrame") -> CohortChange:
    """Return the median of `after` over that of `before`, both rows of `durations` of different jobs.

    The two medians' intervals are joined on the logarithm (MOVER: Zou and Donner 2008, Statistics in Medicine 27).
    """
    old, new = _described(measured_successes(before)), _described(measured_successes(after))
    names = ("p50_low", "p50_seconds", "p50_high")
    return ratio_of_medians([old[name] for name in names], [new[name] for name in names])


def ratio_of_medians(before: Sequence[float], after: Sequence[float]) -> CohortChange:
    """Return one median over another, each given as low end, median and high end, by the same method."""
    figures = [*before, *after]
    if any(isnan(figure) or figure <= 0 for figure in figures):
        return CohortChange(nan, nan, nan)
    old_low, old_middle, old_high, new_low, new_middle, new_high = map(log, figures)
    down = sqrt((new_middle - new_low) ** 2 + (old_high - old_middle) ** 2)
    up = sqrt((new_high - new_middle) ** 2 + (old_middle - old_low) ** 2)
    change = new_middle - old_middle
    return CohortChange(exp(change), exp(change - down), exp(change + up))


def _described(steps: "pandas.DataFrame") -> dict[str, float]:
    seconds: Any = steps["duration_seconds"]
    jobs: Any = steps.groupby(["source", "root_job_id"])
    low, high = _median_interval(steps)
    return {
        "step_count": len(steps),
        "job_count": jobs.ngroups,
        "p10_seconds": seconds.quantile(0.1),
        "p50_seconds": seconds.quantile(0.5),
        "p90_seconds": seconds.quantile(0.9),
        "p50_low": low,
        "p50_high": high,
    }


def _median_interval(steps: "pandas.DataFrame") -> tuple[float, float]:
    """Return the 95 % interval of the median, in seconds, jobs and not steps being what is independent.

    The share of steps below the median varies by job; its standard error, carried through the quantiles, gives the
    interval (Woodruff 1952, Journal of the American Statistical Association 47).
    """
    seconds: Any = steps["duration_seconds"]
    middle = seconds.median()
    side = ((seconds < middle).astype(float) - (seconds > middle).astype(float)) / 2
    by_job: Any = side.groupby([steps["source"], steps["root_job_id"]]).sum()
    job_count = len(by_job)
    if job_count < LEAST_JOBS:
        return nan, nan
    variance = float((by_job**2).sum()) / len(steps) ** 2 * job_count / (job_count - 1)
    reach = min(0.5, _Z * sqrt(variance))
    return float(seconds.quantile(0.5 - reach)), float(seconds.quantile(0.5 + reach))
