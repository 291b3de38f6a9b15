/* Which single steps held up their job the longest, by themselves?

source, root_job_id, root_job_type: the job
path, job_type, job_id, resource_name, phase: the step
critical_self_seconds: time that the job waited for this step and nothing below it, seconds
share: the same as a share of the job's duration, 0..1
times_median: the same as a multiple of the median of its type in such jobs */
WITH waits AS (
    SELECT
        *,
        median(critical_self_seconds) OVER (PARTITION BY source, root_job_type, job_type) AS median_seconds
    FROM marts.steps
    WHERE critical_self_seconds > 0
)

SELECT
    waits.source,
    waits.root_job_id,
    waits.root_job_type,
    waits.path,
    waits.job_type,
    waits.job_id,
    waits.resource_name,
    waits.phase,
    waits.critical_self_seconds,
    waits.critical_self_seconds / nullif(roots.duration_seconds, 0) AS share,
    waits.critical_self_seconds / nullif(waits.median_seconds, 0) AS times_median
FROM waits
INNER JOIN marts.root_jobs AS roots ON waits.source = roots.source AND waits.root_job_id = roots.job_id
ORDER BY waits.critical_self_seconds DESC, waits.source ASC, waits.root_job_id ASC, waits.path ASC
LIMIT 20
