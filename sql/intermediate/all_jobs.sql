-- Every root job and every step in one table, each once.
-- materialized: view
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root job of the tree
--   path: ordinals from the root joined by '/', '' for the root job itself
--   parent_path: path of the parent, '' for the root job; NULL for the root job itself
--   depth: levels below the root job, 0 for the root job itself
--   ordinal: position among the sub-jobs of its parent, from 0
--   job_id: the job's id
--   parent_job_id: the parent's id, NULL for the root job
--   job_type: what the job does
--   cluster_id: the cluster it works on
--   resource_id: the resource it works on
--   resource_name: name of that resource
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   is_finished: true in phase Success or Failed
--   reason: the API's explanation of the phase
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   observed_at: when it was last fetched, UTC
--   extend_param: parameters as sent
SELECT
    source,
    root_job_id,
    path,
    parent_path,
    depth,
    ordinal,
    job_id,
    parent_job_id,
    job_type,
    cluster_id,
    resource_id,
    resource_name,
    phase,
    is_finished,
    reason,
    created_at,
    ended_at,
    observed_at,
    extend_param
FROM core.steps
UNION ALL
SELECT
    source,
    job_id AS root_job_id,
    '' AS path,
    NULL AS parent_path,
    0 AS depth,
    0 AS ordinal,
    job_id,
    NULL AS parent_job_id,
    job_type,
    cluster_id,
    resource_id,
    resource_name,
    phase,
    is_finished,
    reason,
    created_at,
    ended_at,
    observed_at,
    extend_param
FROM core.root_jobs
