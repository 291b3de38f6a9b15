-- A failed root without a cause, or with several. Also a cause that is not a failed job, that ended at another time
-- than that job, or whose root did not fail.
-- table: core.failure_causes
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH blamed AS (
    SELECT
        source,
        root_job_id,
        path,
        ended_at
    FROM marts.steps
    WHERE is_blamed AND phase = 'Failed'
    UNION ALL
    SELECT
        source,
        job_id AS root_job_id,
        '' AS path,
        ended_at
    FROM marts.root_jobs
    WHERE phase = 'Failed'
),

both_sides AS (
    SELECT
        source,
        job_id AS root_job_id,
        1 AS failed_root_count,
        0 AS cause_count
    FROM marts.root_jobs
    WHERE phase = 'Failed'
    UNION ALL
    SELECT
        causes.source,
        causes.root_job_id,
        0 AS failed_root_count,
        if(blamed.source IS NULL OR blamed.ended_at IS DISTINCT FROM causes.ended_at, 2, 1) AS cause_count
    FROM core.failure_causes AS causes
    LEFT JOIN blamed
        ON causes.source = blamed.source AND causes.root_job_id = blamed.root_job_id AND causes.path = blamed.path
)

SELECT
    source,
    root_job_id,
    sum(failed_root_count) AS failed_root_count,
    sum(cause_count) AS cause_count
FROM both_sides
GROUP BY source, root_job_id
HAVING sum(failed_root_count) != 1 OR sum(cause_count) != 1
