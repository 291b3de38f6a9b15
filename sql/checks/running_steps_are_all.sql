-- A step type of which not as many steps stand here as marts.step_durations counts as running.
-- table: marts.running_steps
WITH listed AS (
    SELECT
        source,
        job_type,
        count(*) AS listed_count
    FROM marts.running_steps
    GROUP BY source, job_type
)

SELECT
    durations.source,
    durations.job_type,
    durations.running_count,
    coalesce(listed.listed_count, 0) AS listed_count
FROM marts.step_durations AS durations
LEFT JOIN listed
    ON durations.source = listed.source AND durations.job_type IS NOT DISTINCT FROM listed.job_type
WHERE durations.running_count != coalesce(listed.listed_count, 0)
