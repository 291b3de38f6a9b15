/* Why did jobs fail this month?

source, job_type: the step, or root job, that the failures are blamed on
reason_template: the reason with all that varies masked as <*>
failure_count: root jobs that failed for it in the month of the latest failure
earlier_count: root jobs that failed for it before; 0 means that it is new
lost_seconds: time from the start of this month's to their failure, seconds
example_job_id: the root job that failed last */
WITH failures AS (
    SELECT
        *,
        left(failed_at::VARCHAR, 7) = left((max(failed_at) OVER ())::VARCHAR, 7) AS is_this_month
    FROM marts.failed_roots
)

SELECT
    source,
    job_type,
    reason_template,
    count(*) FILTER (WHERE is_this_month) AS failure_count,
    count(*) FILTER (WHERE NOT is_this_month) AS earlier_count,
    sum(lost_seconds::DECIMAL(28, 9)) FILTER (WHERE is_this_month) AS lost_seconds,
    arg_max(root_job_id, (failed_at, root_job_id)) AS example_job_id
FROM failures
GROUP BY source, job_type, reason_template
HAVING failure_count > 0
ORDER BY failure_count DESC, source ASC, job_type ASC, reason_template ASC
