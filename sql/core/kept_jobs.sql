-- Every root job and every step as the marts keep them: what core.placed_jobs says, in half the time, for models of all
-- trees.
-- view: a choice of columns, not worth a copy
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/', '' for the root itself
--   parent_path: path of the job it stands below; NULL for the root
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   reason: the API's words on the phase
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   observed_at: when it was last fetched, UTC
SELECT
    source,
    root_job_id,
    path,
    parent_path,
    phase,
    reason,
    created_at,
    ended_at,
    observed_at
FROM marts.steps
UNION ALL
SELECT
    source,
    job_id AS root_job_id,
    '' AS path,
    NULL AS parent_path,
    phase,
    reason,
    created_at,
    ended_at,
    observed_at
FROM marts.root_jobs
