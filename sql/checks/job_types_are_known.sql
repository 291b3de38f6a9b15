-- A job type that no job had before the last 7 days, although at least 1,000 jobs are older. The API does something
-- new.
-- table: core.jobs
-- to do: Nothing has to be repaired. Expect the type in all tables of step types.
-- severity: warning
WITH weeks AS (
    SELECT
        source,
        max(epoch_ns(observed_at)) - 7 * 86400 * 1000000000::BIGINT AS started_ns
    FROM core.jobs
    GROUP BY source
),

histories AS (
    SELECT
        jobs.source,
        weeks.started_ns
    FROM core.jobs AS jobs
    INNER JOIN weeks ON jobs.source = weeks.source AND epoch_ns(jobs.created_at) < weeks.started_ns
    GROUP BY jobs.source, weeks.started_ns
    HAVING count(*) >= 1000
)

SELECT
    jobs.source,
    jobs.job_type,
    count(*) AS job_count,
    min(jobs.created_at) AS first_created_at
FROM core.jobs AS jobs
INNER JOIN histories ON jobs.source = histories.source
WHERE jobs.job_type IS NOT NULL
GROUP BY jobs.source, jobs.job_type, histories.started_ns
HAVING min(epoch_ns(jobs.created_at)) >= histories.started_ns
