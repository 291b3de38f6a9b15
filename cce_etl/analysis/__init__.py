"""Questions put to the published file: step durations, cohorts, failure rates, one job's tree, and charts of them.

Lives here: reading into pandas, intervals, Altair charts; both are imported when used. Everything is read-only.
Does not: SQL that analysts share (sql/marts), writing, how charts are shown or saved (the notebook).
"""

from cce_etl.analysis.cohort_chart import cohort_chart
from cce_etl.analysis.cohorts import CohortChange, change_in_median, compare_cohorts
from cce_etl.analysis.duration_chart import duration_chart
from cce_etl.analysis.durations import daily_medians, durations, measured_successes
from cce_etl.analysis.failure_chart import failure_chart
from cce_etl.analysis.failures import failure_rates
from cce_etl.analysis.published import Published, open_published
from cce_etl.analysis.waterfall_chart import waterfall_chart
from cce_etl.analysis.waterfalls import waterfall

__all__ = [
    "CohortChange",
    "Published",
    "change_in_median",
    "cohort_chart",
    "compare_cohorts",
    "daily_medians",
    "duration_chart",
    "durations",
    "failure_chart",
    "failure_rates",
    "measured_successes",
    "open_published",
    "waterfall",
    "waterfall_chart",
]
