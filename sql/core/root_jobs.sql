-- One row for each root job that is not a step of another root's tree.
-- materialized: incremental
-- grain: source, job_id
-- columns:
--   source: one project in one region
--   job_id: the job's id; root_job_id of its steps
--   job_type: what the job does
--   cluster_id: the cluster it works on
--   resource_id: the resource it works on
--   resource_name: that resource's name
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   is_finished: true in phase Success or Failed
--   reason: the API's explanation of the phase
--   planned_at: when it was planned, from its id, UTC
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   duration_seconds: seconds from start to end; negative when it ended before it started; NULL unless finished
--   elapsed_seconds: seconds from start to observation; NULL when finished or Initializing
--   wait_seconds: seconds from planning to start
--   step_count: number of its steps at all depths
--   finished_step_count: steps in phase Success or Failed
--   failed_step_count: steps in phase Failed
--   max_depth: depth of its deepest step, 0 without steps
--   critical_self_seconds: seconds of its critical path that belong to no step; NULL unless finished with clocks in
--     order
--   self_seconds: seconds of its duration that no step covers; NULL unless finished with clocks in order
--   shape_id: hash of the job types and the structure of its tree; root_shape_id of its steps
--   blamed_path: path of the step that its failure is blamed on, '' for itself; NULL unless Failed
--   blamed_job_id: id of the blamed step
--   blamed_job_type: type of the blamed step
--   failed_leaf_count: Failed steps with no Failed step below them, the blamed one included; NULL unless Failed
--   observed_at: when it was last fetched, UTC
WITH counts AS (
    SELECT
        source,
        root_job_id,
        count(*) - 1 AS step_count,
        count(*) FILTER (WHERE is_finished AND depth > 0) AS finished_step_count,
        count(*) FILTER (WHERE phase = 'Failed' AND depth > 0) AS failed_step_count,
        max(depth) AS max_depth
    FROM core.placed_jobs
    GROUP BY source, root_job_id
)

SELECT
    jobs.source,
    jobs.job_id,
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
    measures.duration_seconds,
    measures.elapsed_seconds,
    measures.wait_seconds,
    counts.step_count,
    counts.finished_step_count,
    counts.failed_step_count,
    counts.max_depth,
    measures.critical_self_seconds,
    measures.self_seconds,
    measures.shape_id,
    causes.path AS blamed_path,
    causes.job_id AS blamed_job_id,
    causes.job_type AS blamed_job_type,
    causes.failed_leaf_count,
    jobs.observed_at
FROM core.placed_jobs AS jobs
INNER JOIN core.job_measures AS measures
    ON jobs.source = measures.source AND jobs.root_job_id = measures.root_job_id AND jobs.path = measures.path
INNER JOIN counts
    ON jobs.source = counts.source AND jobs.root_job_id = counts.root_job_id
LEFT JOIN core.failure_causes AS causes
    ON jobs.source = causes.source AND jobs.root_job_id = causes.root_job_id
WHERE jobs.depth = 0
