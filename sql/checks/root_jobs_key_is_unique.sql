-- A root job with more than one row.
-- table: marts.root_jobs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    job_id,
    count(*) AS row_count
FROM marts.root_jobs
GROUP BY source, job_id
HAVING count(*) > 1
