-- A root of core.jobs of which a job is neither a root job nor a step. Most jobs of a nested root are also in the tree
-- around it; of such a root, each job that is in neither is listed. Ids that were made from a place in a nested root's
-- tree are left out, since the same job has another such id in the tree around it.
-- table: marts.steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH counts AS (
    SELECT
        source,
        root_job_id,
        count(*) AS lost_count
    FROM core.jobs
    GROUP BY source, root_job_id
    UNION ALL
    SELECT
        source,
        core_root_job_id AS root_job_id,
        -count(*) AS lost_count
    FROM marts.steps
    GROUP BY source, core_root_job_id
    UNION ALL
    SELECT
        source,
        job_id AS root_job_id,
        -1 AS lost_count
    FROM marts.root_jobs
),

nested AS (
    SELECT
        source,
        root_job_id
    FROM core.root_placements
    WHERE is_nested
),

nested_jobs AS (
    SELECT DISTINCT
        jobs.source,
        jobs.root_job_id,
        jobs.job_id
    FROM core.jobs AS jobs
    INNER JOIN nested ON jobs.source = nested.source AND jobs.root_job_id = nested.root_job_id
    WHERE jobs.has_uid OR jobs.depth = 0
)

SELECT
    counts.source,
    counts.root_job_id,
    NULL AS job_id,
    sum(counts.lost_count) AS lost_count
FROM counts
ANTI JOIN nested ON counts.source = nested.source AND counts.root_job_id = nested.root_job_id
GROUP BY counts.source, counts.root_job_id
HAVING sum(counts.lost_count) != 0
UNION ALL
SELECT
    jobs.source,
    jobs.root_job_id,
    jobs.job_id,
    1 AS lost_count
FROM nested_jobs AS jobs
ANTI JOIN marts.steps AS steps ON jobs.source = steps.source AND jobs.job_id = steps.job_id
ANTI JOIN marts.root_jobs AS roots ON jobs.source = roots.source AND jobs.job_id = roots.job_id
