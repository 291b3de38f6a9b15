-- A tree without exactly one row at depth 0.
-- table: core.jobs
SELECT
    source,
    root_job_id,
    count(*) FILTER (WHERE depth = 0) AS root_count
FROM core.jobs
GROUP BY source, root_job_id
HAVING count(*) FILTER (WHERE depth = 0) != 1
