/* Does it help to try a failed job again?

source, root_job_type: the job that failed
failure_count: such jobs
retried_count: those after which a job of the same type on the same cluster and resource has finished
recovered_count: of these, those where the first such job succeeded
recovery_rate: recovered_count / retried_count, 0..1
median_wait_seconds: median time from the failure to the start of that next job, seconds */
WITH retries AS (
    SELECT
        failures.source,
        failures.root_job_type,
        failures.next_phase,
        (epoch_ns(later.created_at)::HUGEINT - epoch_ns(failures.failed_at)) / 1e9 AS wait_seconds
    FROM marts.failed_roots AS failures
    LEFT JOIN marts.root_jobs AS later
        ON failures.source = later.source AND failures.next_root_job_id = later.job_id
)

SELECT
    source,
    root_job_type,
    count(*) AS failure_count,
    count(next_phase) AS retried_count,
    count(*) FILTER (WHERE next_phase = 'Success') AS recovered_count,
    recovered_count / nullif(retried_count, 0) AS recovery_rate,
    median(wait_seconds) AS median_wait_seconds
FROM retries
GROUP BY source, root_job_type
ORDER BY failure_count DESC, source ASC, root_job_type ASC
