-- Root jobs and steps in one narrow table: every job counted, with its place, for comparisons across a tree.
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/', '' for the root
--   parent_path: path of the parent, NULL for the root
--   job_id: the job's id
--   parent_job_id: the parent's id, NULL for the root
--   job_type: what the job does
--   cluster_id: the cluster it says it works on
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   is_finished: true in phase Success or Failed
--   is_leaf: true when no step is below it
--   created_at: when it started, UTC
--   duration_seconds: started to ended, seconds; NULL unless finished
--   core_root_job_id: root_job_id of its row in core.jobs
--   core_path: path of its row in core.jobs
SELECT
    source,
    root_job_id,
    path,
    parent_path,
    job_id,
    parent_job_id,
    job_type,
    cluster_id,
    phase,
    is_finished,
    is_leaf,
    created_at,
    duration_seconds,
    core_root_job_id,
    core_path
FROM marts.steps
UNION ALL
SELECT
    source,
    job_id AS root_job_id,
    '' AS path,
    NULL AS parent_path,
    job_id,
    NULL AS parent_job_id,
    job_type,
    cluster_id,
    phase,
    is_finished,
    step_count = 0 AS is_leaf,
    created_at,
    duration_seconds,
    job_id AS core_root_job_id,
    '' AS core_path
FROM marts.root_jobs
