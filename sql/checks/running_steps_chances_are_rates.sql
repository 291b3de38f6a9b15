-- A percentile outside 0 to 100, a chance outside 0 to 1, or one that falls with time.
-- table: marts.running_steps
SELECT
    source,
    root_job_id,
    path,
    age_percentile,
    success_rate_10_minutes,
    success_rate_30_minutes
FROM marts.running_steps
WHERE
    age_percentile NOT BETWEEN 0 AND 100
    OR success_rate_10_minutes NOT BETWEEN 0 AND 1
    OR success_rate_30_minutes NOT BETWEEN 0 AND 1
    OR success_rate_10_minutes > success_rate_30_minutes
