/* Which jobs are stuck, and in which step?

source, root_job_id, root_job_type, cluster_id: the job, and where its step works
job_type, resource_name: the step; job_type is NULL where the job itself is stuck
age_seconds: how long it had run when last seen, seconds
kind_p99_seconds, kind_max_seconds: 99th percentile and maximum of finished ones of its type, seconds
success_rate_30_minutes: chance that it succeeds within the next 30 minutes, 0..1; NULL when nothing ran as long
observed_at: when it was last seen, UTC
A running step above a stuck one is stuck as well: the youngest comes first, the job last. */
SELECT
    source,
    root_job_id,
    root_job_type,
    cluster_id,
    job_type,
    resource_name,
    age_seconds,
    kind_p99_seconds,
    kind_max_seconds,
    success_rate_30_minutes,
    observed_at
FROM marts.running_steps
WHERE is_stuck
UNION ALL
SELECT
    source,
    job_id AS root_job_id,
    job_type AS root_job_type,
    cluster_id,
    NULL AS job_type,
    resource_name,
    age_seconds,
    kind_p99_seconds,
    kind_max_seconds,
    NULL AS success_rate_30_minutes,
    observed_at
FROM marts.running_jobs
WHERE is_stuck
ORDER BY source, root_job_id, age_seconds, job_type NULLS LAST
