"""The queries of the report: one for each section, each with a total order and a bound on its rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.published import Published

if TYPE_CHECKING:
    import pandas

Rows = tuple[Any, ...]
# The bounds keep the page readable and below 1.5 MB, however large the file is; each section says what it leaves out.
MAX_PANELS: Final = 12
MAX_DAYS: Final = 184
MAX_WATERFALLS: Final = 4

MANIFEST: Final = """
    SELECT published_at, run_id, ids_asked, ids_fetched, ids_failed, ids_pending, ids_running, ids_gone,
        cce_etl_version, duckdb_version
    FROM main.manifest
"""
TABLES: Final = """
    SELECT entry.key AS table_name, entry.value AS row_count
    FROM (SELECT unnest(map_entries(table_rows)) AS entry FROM main.manifest)
    ORDER BY table_name
"""
OVERVIEW: Final = """
    SELECT
        coalesce(list(DISTINCT source ORDER BY source), []) AS sources,
        count(*) AS root_count,
        count(*) FILTER (is_finished) AS finished_count,
        count(*) FILTER (phase = 'Failed') AS failed_count,
        min(created_at) AS first_created_at,
        max(created_at) AS last_created_at,
        (SELECT count(*) FROM marts.steps) AS step_count,
        (SELECT count(DISTINCT job_type) FROM marts.steps) AS type_count,
        (SELECT count(*) FROM marts.duration_changes) AS candidate_count,
        (SELECT count(*) FROM marts.duration_changes WHERE is_finding) AS change_count,
        (SELECT count(*) FROM marts.step_cohorts) AS cohort_count,
        (SELECT count(*) FROM marts.running_jobs) AS running_job_count,
        (SELECT count(*) FROM marts.running_jobs WHERE is_stuck) AS stuck_job_count,
        (SELECT count(*) FROM marts.running_steps) AS running_step_count,
        (SELECT count(*) FROM marts.running_steps WHERE is_stuck) AS stuck_step_count,
        (SELECT count(*) FROM marts.data_quality_findings) AS finding_count,
        (SELECT count(DISTINCT (source, root_job_id)) FROM marts.data_quality_findings) AS finding_root_count
    FROM marts.root_jobs
"""
# The step types that take most of the jobs' time come first, then those that no finished job has, by their own time.
TYPES: Final = """
    SELECT durations.source, durations.job_type, durations.measured_count, durations.measured_root_count,
        durations.p50_seconds, durations.p50_low_seconds, durations.p50_high_seconds, durations.p95_seconds,
        durations.km_event_count, durations.km_censored_count, durations.km_p50_seconds, durations.km_p95_seconds,
        blame.critical_path_share
    FROM marts.step_durations AS durations
    LEFT JOIN marts.step_blame AS blame
        ON durations.source = blame.source AND durations.job_type IS NOT DISTINCT FROM blame.job_type
    WHERE durations.measured_count > 0
    ORDER BY blame.critical_path_share DESC NULLS LAST, durations.measured_count * durations.mean_seconds DESC,
        durations.source, durations.job_type
    LIMIT $1
"""
# Up to the newest day that is not after the publishing: one clock that runs ahead must not push out all other days.
DAYS: Final = """
    WITH newest AS (
        SELECT max(days.created_on) AS created_on
        FROM marts.step_durations_daily AS days, main.manifest AS manifest
        WHERE days.measured_count > 0 AND days.created_on <= manifest.published_at::DATE
    )
    SELECT days.created_on, days.measured_count, days.p50_seconds, days.p95_seconds
    FROM marts.step_durations_daily AS days, newest
    WHERE days.source = $1 AND days.job_type IS NOT DISTINCT FROM $2 AND days.measured_count > 0
        AND days.created_on BETWEEN newest.created_on - $3::INTEGER + 1 AND newest.created_on
    ORDER BY days.created_on
"""
# The sections that are rows of one query each, by the name of their field in the contents.
SECTIONS: Final = {
    "changes": """
        SELECT source, job_type, changed_at, last_before_at, first_after_at, before_root_count, after_root_count,
            before_median_seconds, after_median_seconds, ratio, q_value,
            list_slice(first_seen_then, 1, 8) AS first_seen,
            greatest(0, len(first_seen_then) - 8) AS more_first_seen_count, count(*) OVER () AS total_count
        FROM marts.duration_changes
        WHERE is_finding
        ORDER BY q_value, source, job_type, changed_at
        LIMIT 30
    """,
    "cohorts": """
        SELECT job_type, measure, list_slice(dimensions, 1, 4) AS dimensions,
            list_slice(dimension_values, 1, 4) AS dimension_values, since, ratio, ratio_low, ratio_high, q_value,
            root_count, other_root_count, median_seconds, other_median_seconds, failed_count, other_failed_count,
            failure_rate, other_failure_rate, count(*) OVER () AS total_count
        FROM marts.step_cohorts
        ORDER BY q_value, job_type, measure, rank
        LIMIT 20
    """,
    "rates": """
        SELECT source, job_type, finished_count, failed_count, failure_rate, failure_rate_low, failure_rate_high,
            blamed_count, blamed_rate, blamed_rate_low, blamed_rate_high, count(*) OVER () AS total_count
        FROM marts.step_failure_rates
        WHERE failed_count > 0
        ORDER BY blamed_count DESC, failed_count DESC, source, job_type
        LIMIT 30
    """,
    "reasons": """
        SELECT source, job_type, reason_template, failure_count, root_count, first_failed_at, last_failed_at,
            seconds_lost, followed_count, recovered_count, recovery_rate, count(*) OVER () AS total_count
        FROM marts.failure_reasons
        ORDER BY failure_count DESC, source, job_type, reason_template
        LIMIT 20
    """,
    "blame": """
        SELECT source, job_type, root_count, step_count, day_count, critical_path_share, p50_seconds, p95_seconds,
            slow_step_count, minutes_saved_per_day, count(*) OVER () AS total_count
        FROM marts.step_blame
        ORDER BY critical_path_share DESC NULLS LAST, source, job_type
        LIMIT 30
    """,
    "running_jobs": """
        SELECT source, job_id, job_type, resource_name, phase, observed_at, age_seconds, running_step_count,
            kind_finished_count, kind_p99_seconds, kind_max_seconds, is_stuck, count(*) OVER () AS total_count
        FROM marts.running_jobs
        ORDER BY is_stuck DESC NULLS LAST, age_seconds DESC NULLS LAST, source, job_id
        LIMIT 20
    """,
    "running_steps": """
        SELECT source, root_job_id, root_job_type, job_type, resource_name, phase, observed_at, age_seconds,
            age_percentile, success_rate_10_minutes, success_rate_30_minutes, kind_p99_seconds, kind_finished_count,
            kind_root_count, is_stuck, count(*) OVER () AS total_count
        FROM marts.running_steps
        ORDER BY is_stuck DESC NULLS LAST, age_percentile DESC NULLS LAST, age_seconds DESC NULLS LAST, source,
            root_job_id, path
        LIMIT 20
    """,
    "slo": """
        SELECT source, job_type, target_seconds, target_origin, objective, window_start_at, step_count, within_count,
            within_rate, error_budget_left, burn_rate, count(*) OVER () AS total_count
        FROM marts.slo
        WHERE target_seconds IS NOT NULL
        ORDER BY error_budget_left NULLS LAST, source, job_type
        LIMIT 30
    """,
    "findings": """
        SELECT finding, count(*) AS finding_count, count(DISTINCT (source, root_job_id)) AS root_count,
            arg_min(root_job_id, (source, root_job_id, path)) AS example_root_job_id,
            arg_min(detail, (source, root_job_id, path, detail)) AS example_detail, count(*) OVER () AS total_count
        FROM marts.data_quality_findings
        GROUP BY finding
        ORDER BY finding_count DESC, finding
        LIMIT 20
    """,
}
SLOWEST: Final = """
    SELECT source, job_id FROM marts.root_jobs
    WHERE duration_seconds >= 0
    ORDER BY duration_seconds DESC, source, job_id
    LIMIT $1
"""
NEWEST: Final = """
    SELECT source, job_id FROM marts.root_jobs
    WHERE created_at IS NOT NULL
    ORDER BY created_at DESC, source, job_id
    LIMIT $1
"""


def read_rows(published: Published, sql: str, parameters: Sequence[object] = ()) -> Rows:
    """Return the rows of a query as named tuples. Raises WarehouseError for a query that the file does not accept."""
    return rows_of(published.frame(sql, parameters))


def rows_of(frame: "pandas.DataFrame") -> Rows:
    """Return the rows of a frame as named tuples, with None for every kind of missing value (NaN, NaT, NA)."""
    return tuple(frame.astype(object).where(frame.notna(), None).itertuples(index=False, name="Row"))
