-- Findings about ids and phases that are missing, unknown or not unique, one row each. They are part of
-- marts.data_quality_findings.
-- materialized: incremental
-- grain: source, root_job_id, path, finding
-- columns:
--   source: one project in one region
--   root_job_id: the root job the finding is in
--   path: path in its tree, '' for the root itself
--   job_id: the job it is about
--   job_type: that job's type
--   finding: duplicate_job_id, missing_uid or unknown_phase
--   detail: how often the id occurs, or the phase as sent ('' when none was)
WITH repeats AS (
    SELECT
        source,
        job_id,
        count(*) AS occurrence_count
    FROM core.placed_jobs
    GROUP BY source, job_id
    HAVING count(*) > 1
)

SELECT
    placed.source,
    placed.root_job_id,
    placed.path,
    placed.job_id,
    placed.job_type,
    'duplicate_job_id' AS finding,
    repeats.occurrence_count || ' jobs have this id' AS detail
FROM core.placed_jobs AS placed
INNER JOIN repeats
    ON placed.source = repeats.source AND placed.job_id = repeats.job_id
UNION ALL
SELECT
    placed.source,
    placed.root_job_id,
    placed.path,
    placed.job_id,
    placed.job_type,
    'missing_uid' AS finding,
    'the id was made from its place' AS detail
FROM core.jobs AS jobs
INNER JOIN core.placed_jobs AS placed
    ON
        jobs.source = placed.source
        AND jobs.root_job_id = placed.core_root_job_id
        AND jobs.path = placed.core_path
WHERE NOT jobs.has_uid
UNION ALL
SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    'unknown_phase' AS finding,
    coalesce(phase, '') AS detail
FROM core.placed_jobs
WHERE coalesce(phase, '') NOT IN ('Initializing', 'Running', 'Success', 'Failed')
