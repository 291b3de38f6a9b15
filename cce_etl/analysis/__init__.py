"""Questions put to the published file: one step explained, durations, cohorts, failure rates, one job's tree, charts.

Lives here: reading into pandas, intervals, Altair charts; both are imported when used. Everything is read-only.
Does not: SQL that analysts share (sql/marts), writing, how charts are shown or saved (the notebook).
"""

from cce_etl.analysis.blame_chart import blame_chart
from cce_etl.analysis.cohort_chart import cohort_chart
from cce_etl.analysis.cohorts import CohortChange, change_in_median, compare_cohorts
from cce_etl.analysis.critical_path_chart import critical_path_chart
from cce_etl.analysis.critical_paths import critical_path
from cce_etl.analysis.duration_chart import duration_chart
from cce_etl.analysis.durations import daily_medians, durations, measured_successes
from cce_etl.analysis.explain.explain import explain
from cce_etl.analysis.explain.result import Explanation
from cce_etl.analysis.failure_chart import failure_chart
from cce_etl.analysis.failures import failure_rates
from cce_etl.analysis.published import Published, open_published
from cce_etl.analysis.running_chart import running_chart
from cce_etl.analysis.survival import percentile_seconds, survival
from cce_etl.analysis.survival_chart import survival_chart
from cce_etl.analysis.waterfall_chart import waterfall_chart
from cce_etl.analysis.waterfalls import waterfall

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
