-- A source whose jobs in intermediate.all_jobs are not exactly its root jobs and its steps. Hashes of all columns are
-- summed and compared.
-- table: intermediate.all_jobs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        hash(root_job_id, path, parent_path, phase, created_at, ended_at, observed_at)::HUGEINT AS job
    FROM intermediate.all_jobs
    UNION ALL
    SELECT
        source,
        -hash(root_job_id, path, parent_path, phase, created_at, ended_at, observed_at)::HUGEINT AS job
    FROM marts.steps
    UNION ALL
    SELECT
        source,
        -hash(job_id, '', NULL::VARCHAR, phase, created_at, ended_at, observed_at)::HUGEINT AS job
    FROM marts.root_jobs
)

SELECT
    source,
    sum(job) AS surplus
FROM both_sides
GROUP BY source
HAVING sum(job) != 0
