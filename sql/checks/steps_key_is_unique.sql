-- More than one row for one place in a tree.
-- table: marts.steps
SELECT
    source,
    root_job_id,
    path,
    count(*) AS row_count
FROM marts.steps
GROUP BY source, root_job_id, path
HAVING count(*) > 1
