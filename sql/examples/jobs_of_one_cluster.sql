/* What happened on one cluster?

source, job_id, job_type, phase: its root jobs, the newest first
created_at: when it started, UTC
duration_seconds: how long it took, seconds; NULL while it runs
step_count, failed_step_count: its steps
blamed_job_type, reason: the step that its failure is blamed on, and that step's reason
The cluster is the one with the most jobs; put your own in place of the SELECT in chosen:
SELECT 'the source' AS source, 'the id' AS cluster_id */
WITH chosen AS (
    SELECT
        source,
        cluster_id
    FROM marts.root_jobs
    WHERE cluster_id IS NOT NULL
    GROUP BY source, cluster_id
    ORDER BY count(*) DESC, source, cluster_id ASC
    LIMIT 1
)

SELECT
    jobs.source,
    jobs.job_id,
    jobs.job_type,
    jobs.phase,
    jobs.created_at,
    jobs.duration_seconds,
    jobs.step_count,
    jobs.failed_step_count,
    failures.job_type AS blamed_job_type,
    failures.reason
FROM marts.root_jobs AS jobs
INNER JOIN chosen ON jobs.source = chosen.source AND jobs.cluster_id = chosen.cluster_id
LEFT JOIN marts.failed_roots AS failures ON jobs.source = failures.source AND jobs.job_id = failures.root_job_id
ORDER BY jobs.created_at DESC, jobs.job_id ASC
