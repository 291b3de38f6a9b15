-- One row per sub-job. A root that is also a step of another root's tree is counted once, as that step; those of its
-- own sub-jobs that the other tree lacks stand below it. The same id in two trees of which neither holds the other is
-- kept twice, and clocks are as sent: both are findings, not corrected.
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   root_job_type: the root's type
--   path: ordinals from the root joined by '/'
--   parent_path: path of the parent, '' for the root
--   depth: levels below the root, 1 for its direct sub-jobs
--   ordinal: position among the sub-jobs of its parent, from 0
--   job_id: the step's id
--   parent_job_id: the parent's id
--   job_type: what the step does
--   cluster_id: the cluster it says it works on
--   resource_id: the resource it works on
--   resource_name: that resource's name
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   is_finished: true in phase Success or Failed
--   reason: the API's words on the phase
--   planned_at: when it was planned, from its id, UTC
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   duration_seconds: started to ended, seconds; negative when the clocks say so; NULL unless finished
--   elapsed_seconds: started to observed, seconds; only when neither finished nor Initializing
--   wait_seconds: planned to started, seconds
--   offset_seconds: the root's start to the step's start, seconds
--   is_leaf: true when no step is below it
--   extend_param: parameters as sent
--   observed_at: when the tree it was read from was last fetched, UTC
--   core_root_job_id: root_job_id of its row in core.jobs
--   core_path: path of its row in core.jobs
SELECT
    jobs.source,
    jobs.root_job_id,
    roots.job_type AS root_job_type,
    jobs.path,
    jobs.parent_path,
    jobs.depth,
    jobs.ordinal,
    jobs.job_id,
    jobs.parent_job_id,
    jobs.job_type,
    jobs.cluster_id,
    jobs.resource_id,
    jobs.resource_name,
    jobs.phase,
    jobs.is_finished,
    jobs.reason,
    jobs.planned_at,
    jobs.created_at,
    jobs.ended_at,
    (epoch_ns(jobs.ended_at) - epoch_ns(jobs.created_at)) / 1e9 AS duration_seconds,
    CASE
        WHEN NOT jobs.is_finished AND coalesce(jobs.phase, '') != 'Initializing'
            THEN (epoch_ns(jobs.observed_at) - epoch_ns(jobs.created_at)) / 1e9
    END AS elapsed_seconds,
    (epoch_ns(jobs.created_at) - epoch_ns(jobs.planned_at)) / 1e9 AS wait_seconds,
    (epoch_ns(jobs.created_at) - epoch_ns(roots.created_at)) / 1e9 AS offset_seconds,
    jobs.is_leaf,
    jobs.extend_param,
    jobs.observed_at,
    jobs.core_root_job_id,
    jobs.core_path
FROM core.placed_jobs AS jobs
INNER JOIN core.placed_jobs AS roots
    ON jobs.source = roots.source AND jobs.root_job_id = roots.root_job_id AND roots.path = ''
WHERE jobs.depth > 0
