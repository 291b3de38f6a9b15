-- A source whose kept jobs are not its root jobs and its steps, in each column, once for each.
-- table: intermediate.all_jobs
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
