-- A step type whose days do not sum to its row in marts.step_durations. Each side has its row.
-- table: marts.step_durations_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH sums AS (
    SELECT
        source,
        job_type,
        step_count,
        success_count,
        failed_count,
        running_count,
        initializing_count,
        measured_count
    FROM marts.step_durations
    UNION ALL
    SELECT
        source,
        job_type,
        sum(step_count)::BIGINT AS step_count,
        sum(success_count)::BIGINT AS success_count,
        sum(failed_count)::BIGINT AS failed_count,
        sum(running_count)::BIGINT AS running_count,
        sum(initializing_count)::BIGINT AS initializing_count,
        sum(measured_count)::BIGINT AS measured_count
    FROM marts.step_durations_daily
    GROUP BY source, job_type
)

SELECT
    source,
    job_type,
    step_count,
    success_count,
    failed_count,
    running_count,
    initializing_count,
    measured_count
FROM sums
GROUP BY
    source,
    job_type,
    step_count,
    success_count,
    failed_count,
    running_count,
    initializing_count,
    measured_count
HAVING count(*) != 2
