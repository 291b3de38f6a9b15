-- Every root job and every step, each once.
-- materialized: view
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root job of the tree
--   path: ordinals from the root joined by '/', '' for the root job itself
--   parent_path: path of the parent, '' for the root job; NULL for the root job itself
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   observed_at: when it was last fetched, UTC
SELECT
    source,
    root_job_id,
    path,
    parent_path,
    phase,
    created_at,
    ended_at,
    observed_at
FROM core.steps
UNION ALL
SELECT
    source,
    job_id AS root_job_id,
    '' AS path,
    NULL AS parent_path,
    phase,
    created_at,
    ended_at,
    observed_at
FROM core.root_jobs
