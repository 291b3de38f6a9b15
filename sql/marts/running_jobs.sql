-- Root jobs on their way when last seen, each against its kind: the finished root jobs of its type and source. A job
-- can hang between two steps, with none of them running.
-- grain: source, job_id
-- columns:
--   source: one project in one region
--   job_id: the job's id
--   job_type: what the job does
--   cluster_id: the cluster it works on
--   resource_name: the resource it works on
--   phase: Running, or a text that is no phase known
--   created_at: when it started, UTC
--   observed_at: when it was last fetched, UTC
--   age_seconds: started to observed, seconds
--   running_step_count: its steps that are on their way
--   kind_finished_count: finished root jobs of its kind with sound clocks
--   kind_p99_seconds: 99th percentile of their duration, seconds, interpolated
--   kind_max_seconds: the longest of them, seconds
--   is_stuck: true when it is older than 99% of them took, or than any took; false when none has finished
WITH kinds AS (
    SELECT
        source,
        job_type,
        count(*) AS kind_finished_count,
        quantile_cont(duration_seconds, 0.99) AS kind_p99_seconds,
        max(duration_seconds) AS kind_max_seconds
    FROM core.root_jobs
    WHERE is_finished AND duration_seconds >= 0
    GROUP BY source, job_type
),

steps AS (
    SELECT
        source,
        root_job_id,
        count(*) AS running_step_count
    FROM core.steps
    WHERE NOT is_finished AND phase IS DISTINCT FROM 'Initializing'
    GROUP BY source, root_job_id
)

SELECT
    jobs.source,
    jobs.job_id,
    jobs.job_type,
    jobs.cluster_id,
    jobs.resource_name,
    jobs.phase,
    jobs.created_at,
    jobs.observed_at,
    jobs.elapsed_seconds AS age_seconds,
    coalesce(steps.running_step_count, 0) AS running_step_count,
    coalesce(kinds.kind_finished_count, 0) AS kind_finished_count,
    kinds.kind_p99_seconds,
    kinds.kind_max_seconds,
    coalesce(jobs.elapsed_seconds > kinds.kind_p99_seconds, FALSE) AS is_stuck
FROM core.root_jobs AS jobs
LEFT JOIN kinds
    ON jobs.source = kinds.source AND jobs.job_type IS NOT DISTINCT FROM kinds.job_type
LEFT JOIN steps
    ON jobs.source = steps.source AND jobs.job_id = steps.root_job_id
WHERE NOT jobs.is_finished AND jobs.phase IS DISTINCT FROM 'Initializing'
