-- A root job that is also counted as a step of another root's tree.
-- table: marts.root_jobs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    root_jobs.source,
    root_jobs.job_id,
    steps.root_job_id AS other_root_job_id,
    steps.path
FROM marts.root_jobs AS root_jobs
INNER JOIN marts.steps AS steps
    ON root_jobs.source = steps.source AND root_jobs.job_id = steps.job_id
WHERE root_jobs.job_id != steps.root_job_id
