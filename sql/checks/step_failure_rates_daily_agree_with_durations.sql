-- A step type and day that does not end here as marts.step_durations_daily counts it, or a source of which not all
-- failed root jobs that blame a step are counted. 1: only here, -1: only there.
-- table: marts.step_failure_rates_daily
WITH both_sides AS (
    SELECT
        source,
        job_type,
        created_on,
        finished_count,
        failed_count,
        running_count,
        initializing_count,
        blamed_count <= failed_count AS is_possible,
        1 AS side
    FROM marts.step_failure_rates_daily
    UNION ALL
    SELECT
        source,
        job_type,
        created_on,
        success_count + failed_count AS finished_count,
        failed_count,
        running_count,
        initializing_count,
        TRUE AS is_possible,
        -1 AS side
    FROM marts.step_durations_daily
    UNION ALL
    SELECT
        source,
        NULL AS job_type,
        NULL AS created_on,
        sum(blamed_count) AS finished_count,
        NULL AS failed_count,
        NULL AS running_count,
        NULL AS initializing_count,
        TRUE AS is_possible,
        1 AS side
    FROM marts.step_failure_rates_daily
    GROUP BY source
    UNION ALL
    SELECT
        source,
        NULL AS job_type,
        NULL AS created_on,
        count(*) FILTER (WHERE blamed_path != '' AND step_count > 0) AS finished_count,
        NULL AS failed_count,
        NULL AS running_count,
        NULL AS initializing_count,
        TRUE AS is_possible,
        -1 AS side
    FROM marts.root_jobs
    GROUP BY source
    HAVING sum(step_count) > 0
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
