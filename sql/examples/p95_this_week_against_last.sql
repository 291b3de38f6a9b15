/* Which steps take longer this week than last week?

source, job_type: the kind of step
last_week_count, this_week_count: successes that started in the 7 days before the last 7, and in the last 7
last_week_p95_seconds, this_week_p95_seconds: 95th percentile of their durations, seconds
ratio: this week's over last week's
Weeks run back from the newest start of all steps. */
WITH clock AS (
    SELECT epoch_ns(max(created_at)) AS newest_ns
    FROM marts.steps
),

weeks AS (
    SELECT
        steps.source,
        steps.job_type,
        steps.duration_seconds,
        (clock.newest_ns::HUGEINT - epoch_ns(steps.created_at)) // (7 * 86400000000000) AS weeks_ago
    FROM marts.steps AS steps
    CROSS JOIN clock
    WHERE steps.phase = 'Success' AND steps.duration_seconds >= 0
)

SELECT
    source,
    job_type,
    count(*) FILTER (WHERE weeks_ago = 1) AS last_week_count,
    count(*) FILTER (WHERE weeks_ago = 0) AS this_week_count,
    quantile_cont(duration_seconds, 0.95) FILTER (WHERE weeks_ago = 1) AS last_week_p95_seconds,
    quantile_cont(duration_seconds, 0.95) FILTER (WHERE weeks_ago = 0) AS this_week_p95_seconds,
    this_week_p95_seconds / nullif(last_week_p95_seconds, 0) AS ratio
FROM weeks
WHERE weeks_ago IN (0, 1)
GROUP BY source, job_type
HAVING last_week_count > 0 AND this_week_count > 0
ORDER BY ratio DESC, source ASC, job_type ASC
