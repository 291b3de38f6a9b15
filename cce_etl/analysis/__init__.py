"""Analysis of the published file: steps explained, durations, cohorts, failure rates, waterfalls, charts, the report.

Everything reads only. pandas and Altair are imported when a function first needs them.
"""

from cce_etl.analysis.cohorts import CohortChange, change_in_median, cohort_chart, compare_cohorts
from cce_etl.analysis.durations import daily_medians, duration_chart, durations, measured_successes
from cce_etl.analysis.explain.explain import explain
from cce_etl.analysis.explain.result import Explanation
from cce_etl.analysis.failures import blame_chart, failure_chart, failure_rates
from cce_etl.analysis.published import Published, open_published
from cce_etl.analysis.survival import percentile_seconds, running_chart, survival, survival_chart
from cce_etl.analysis.waterfalls import critical_path, critical_path_chart, waterfall, waterfall_chart

__all__ = [
    "CohortChange",
    "Explanation",
    "Published",
    "blame_chart",
    "change_in_median",
    "cohort_chart",
    "compare_cohorts",
    "critical_path",
    "critical_path_chart",
    "daily_medians",
    "duration_chart",
    "durations",
    "explain",
    "failure_chart",
    "failure_rates",
    "measured_successes",
    "open_published",
    "percentile_seconds",
    "running_chart",
    "survival",
    "survival_chart",
    "waterfall",
    "waterfall_chart",
]
