-- Every job that is counted, root jobs and steps, at its place in the tree in which it is counted. A root that is also
-- a step of another root's tree is counted once, as that step. Those of its sub-jobs that the other tree lacks are
-- placed below it.
-- materialized: ephemeral
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/', '' for the root
--   parent_path: path of the parent, NULL for the root
--   depth: levels below the root, 0 for the root
--   ordinal: position among the sub-jobs of its parent, from 0
--   job_id: the job's id
--   parent_job_id: the parent's id, NULL for the root
--   job_type: what the job does
--   cluster_id: the cluster it says it works on
--   resource_id: the resource it works on
--   resource_name: that resource's name
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   is_finished: true in phase Success or Failed
--   reason: the API's explanation of the phase
--   planned_at: when it was planned, from its id, UTC
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   is_leaf: true when no step is below it
--   extend_param: parameters as sent
--   observed_at: when the tree it was read from was last fetched, UTC
--   core_root_job_id: root_job_id of its row in core.jobs
--   core_path: path of its row in core.jobs
SELECT
    jobs.source,
    coalesce(nested.top_root_job_id, jobs.root_job_id) AS root_job_id,
    coalesce(relocated.path, jobs.path) AS path,
    CASE
        WHEN jobs.depth > 0 THEN coalesce(relocated.parent_path, left(jobs.path, -1 - length(jobs.ordinal::VARCHAR)))
    END AS parent_path,
    coalesce(relocated.depth, jobs.depth) AS depth,
    jobs.ordinal,
    jobs.job_id,
    jobs.parent_job_id,
    jobs.job_type,
    jobs.cluster_id,
    jobs.resource_id,
    jobs.resource_name,
    coalesce(jobs.canonical_phase, jobs.phase) AS phase,
    coalesce(jobs.canonical_phase IN ('Success', 'Failed'), FALSE) AS is_finished,
    jobs.reason,
    jobs.planned_at,
    jobs.created_at,
    CASE WHEN is_finished THEN coalesce(jobs.completed_at, jobs.updated_at) END AS ended_at,
    jobs.is_leaf AND adopted.source IS NULL AS is_leaf,
    jobs.extend_param,
    jobs.observed_at,
    jobs.root_job_id AS core_root_job_id,
    jobs.path AS core_path
FROM core.jobs AS jobs
LEFT JOIN core.root_placements AS nested
    ON jobs.source = nested.source AND jobs.root_job_id = nested.root_job_id AND nested.is_nested
LEFT JOIN core.relocated_jobs AS relocated
    ON
        jobs.source = relocated.source
        AND jobs.root_job_id = relocated.core_root_job_id
        AND jobs.path = relocated.core_path
LEFT JOIN core.relocated_jobs AS adopted
    ON
        jobs.source = adopted.source
        AND coalesce(nested.top_root_job_id, jobs.root_job_id) = adopted.root_job_id
        AND jobs.path = adopted.parent_path
        AND jobs.job_id = adopted.parent_job_id
        AND adopted.sibling_number = 1
WHERE nested.source IS NULL OR relocated.source IS NOT NULL
