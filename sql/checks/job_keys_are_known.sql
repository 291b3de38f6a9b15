-- A key of the API's answers that this program does not know, and that no job had before the last 7 days. At least
-- 1,000 jobs must be older. The values are kept in core.jobs.extra.
-- table: core.jobs
-- to do: Read the values and the API's documentation. If the key is useful, report it, so that it becomes a column.
--   Nothing has to be repaired.
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
),

sections AS (
    SELECT
        source,
        created_at,
        extra,
        unnest(json_keys(extra)) AS section
    FROM core.jobs
    WHERE extra IS NOT NULL
),

keys AS (
    SELECT
        source,
        created_at,
        section || '.' || unnest(json_keys(extra, '$.' || section)) AS key
    FROM sections
    WHERE section IN ('metadata', 'spec', 'status')
    UNION ALL
    SELECT
        source,
        created_at,
        section AS key
    FROM sections
    WHERE section NOT IN ('metadata', 'spec', 'status')
)

SELECT
    keys.source,
    keys.key,
    count(*) AS job_count,
    min(keys.created_at) AS first_created_at
FROM keys
INNER JOIN histories ON keys.source = histories.source
GROUP BY keys.source, keys.key, histories.started_ns
HAVING min(epoch_ns(keys.created_at)) >= histories.started_ns
