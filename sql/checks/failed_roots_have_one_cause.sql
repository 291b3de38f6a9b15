-- A failed root without a cause or with several, or a cause where no failed job stands, or of no failed root.
-- table: core.failure_causes
WITH both_sides AS (
    SELECT
        source,
        root_job_id,
        1 AS failed_root_count,
        0 AS cause_count
    FROM core.placed_jobs
    WHERE phase = 'Failed' AND path = ''
    UNION ALL
    SELECT
        causes.source,
        causes.root_job_id,
        0 AS failed_root_count,
        if(jobs.phase = 'Failed', 1, 2) AS cause_count
    FROM core.failure_causes AS causes
    LEFT JOIN core.placed_jobs AS jobs
        ON causes.source = jobs.source AND causes.root_job_id = jobs.root_job_id AND causes.path = jobs.path
)

SELECT
    source,
    root_job_id,
    sum(failed_root_count) AS failed_root_count,
    sum(cause_count) AS cause_count
FROM both_sides
GROUP BY source, root_job_id
HAVING sum(failed_root_count) != 1 OR sum(cause_count) != 1
