-- Root jobs that were running when last seen, each compared with the finished root jobs of its type and source. A job
-- can be stuck between two steps, while none of them runs.
-- grain: source, job_id
-- columns:
--   source: one project in one region
--   job_id: the job's id
--   job_type: what the job does
--   cluster_id: the cluster it works on
--   resource_name: the resource it works on
--   phase: Running, or an unknown phase as sent
--   created_at: when it started, UTC
--   observed_at: when it was last fetched, UTC
--   age_seconds: seconds from start to observation
--   running_step_count: number of its running steps
--   kind_finished_count: finished root jobs of its type and source with clocks in order
--   kind_p99_seconds: 99th percentile of their durations, seconds, interpolated
--   kind_max_seconds: longest of their durations, seconds
--   is_stuck: true when its age is above kind_p99_seconds; false when none of its type has finished
WITH job_types AS (
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
    coalesce(job_types.kind_finished_count, 0) AS kind_finished_count,
    job_types.kind_p99_seconds,
    job_types.kind_max_seconds,
    coalesce(jobs.elapsed_seconds > job_types.kind_p99_seconds, FALSE) AS is_stuck
FROM core.root_jobs AS jobs
LEFT JOIN job_types
    ON jobs.source = job_types.source AND jobs.job_type IS NOT DISTINCT FROM job_types.job_type
LEFT JOIN steps
    ON jobs.source = steps.source AND jobs.job_id = steps.root_job_id
WHERE NOT jobs.is_finished AND jobs.phase IS DISTINCT FROM 'Initializing'
