-- More than one row for one root job.
-- table: marts.root_jobs
SELECT
    source,
    job_id,
    count(*) AS row_count
FROM marts.root_jobs
GROUP BY source, job_id
HAVING count(*) > 1
