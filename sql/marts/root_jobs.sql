-- One row per root job that is not a step of another root's tree.
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
--   reason: the API's words on the phase
--   planned_at: when it was planned, from its id, UTC
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   duration_seconds: started to ended, seconds; negative when the clocks say so; NULL unless finished
--   elapsed_seconds: started to observed, seconds; only when neither finished nor Initializing
--   wait_seconds: planned to started, seconds
--   step_count: number of its steps at all depths
--   finished_step_count: steps in phase Success or Failed
--   failed_step_count: steps in phase Failed
--   max_depth: depth of its deepest step, 0 without steps
--   observed_at: when it was last fetched, UTC
WITH step_counts AS (
    SELECT
        source,
        root_job_id,
        count(*) AS step_count,
        count(*) FILTER (WHERE is_finished) AS finished_step_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_step_count,
        max(depth) AS max_depth
    FROM marts.steps
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
    (epoch_ns(jobs.ended_at) - epoch_ns(jobs.created_at)) / 1e9 AS duration_seconds,
    CASE
        WHEN NOT jobs.is_finished AND coalesce(jobs.phase, '') != 'Initializing'
            THEN (epoch_ns(jobs.observed_at) - epoch_ns(jobs.created_at)) / 1e9
    END AS elapsed_seconds,
    (epoch_ns(jobs.created_at) - epoch_ns(jobs.planned_at)) / 1e9 AS wait_seconds,
    coalesce(step_counts.step_count, 0) AS step_count,
    coalesce(step_counts.finished_step_count, 0) AS finished_step_count,
    coalesce(step_counts.failed_step_count, 0) AS failed_step_count,
    coalesce(step_counts.max_depth, 0) AS max_depth,
    jobs.observed_at
FROM core.placed_jobs AS jobs
LEFT JOIN step_counts
    ON jobs.source = step_counts.source AND jobs.root_job_id = step_counts.root_job_id
WHERE jobs.depth = 0
