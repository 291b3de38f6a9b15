-- More than one row for one place in a tree.
-- table: core.jobs
SELECT
    source,
    root_job_id,
    path,
    count(*) AS row_count
FROM core.jobs
GROUP BY source, root_job_id, path
HAVING count(*) > 1
