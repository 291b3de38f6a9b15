-- A step type and day whose counts are not those of marts.step_durations_daily, or a source whose blamed steps are not
-- as many as its failed root jobs that blame a step. `surplus` is 1 for what only marts.step_failure_rates_daily has,
-- -1 for what only marts.step_durations_daily has.
-- table: marts.step_failure_rates_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
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
