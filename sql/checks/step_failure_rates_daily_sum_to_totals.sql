-- A step type whose days do not sum to its row in marts.step_failure_rates. Each side has its row.
-- table: marts.step_failure_rates_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH sums AS (
    SELECT
        source,
        job_type,
        finished_count,
        failed_count,
        blamed_count,
        running_count,
        initializing_count
    FROM marts.step_failure_rates
    UNION ALL
    SELECT
        source,
        job_type,
        sum(finished_count)::BIGINT AS finished_count,
        sum(failed_count)::BIGINT AS failed_count,
        sum(blamed_count)::BIGINT AS blamed_count,
        sum(running_count)::BIGINT AS running_count,
        sum(initializing_count)::BIGINT AS initializing_count
    FROM marts.step_failure_rates_daily
    GROUP BY source, job_type
)

SELECT
    source,
    job_type,
    finished_count,
    failed_count,
    blamed_count,
    running_count,
    initializing_count
FROM sums
GROUP BY
    source,
    job_type,
    finished_count,
    failed_count,
    blamed_count,
    running_count,
    initializing_count
HAVING count(*) != 2
