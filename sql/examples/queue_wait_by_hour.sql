/* At what hours do steps wait long before they start?

hour_of_day: UTC hour the steps started in, 0..23
step_count: steps whose id tells when they were planned
median_wait_seconds, p95_wait_seconds, max_wait_seconds: planned to started, seconds */
SELECT
    hour(created_at) AS hour_of_day,
    count(*) AS step_count,
    median(wait_seconds) AS median_wait_seconds,
    quantile_cont(wait_seconds, 0.95) AS p95_wait_seconds,
    max(wait_seconds) AS max_wait_seconds
FROM marts.steps
WHERE wait_seconds >= 0
GROUP BY hour_of_day
ORDER BY hour_of_day
