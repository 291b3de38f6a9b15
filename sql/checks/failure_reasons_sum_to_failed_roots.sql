-- A source whose failures by reason are not its failed root jobs, or a reason with more recoveries than later jobs.
-- table: marts.failure_reasons
WITH reasons AS (
    SELECT
        source,
        sum(failure_count) AS failure_count,
        count(*) FILTER (WHERE recovered_count > followed_count OR followed_count > failure_count) AS odd_count
    FROM marts.failure_reasons
    GROUP BY source
),

failed AS (
    SELECT
        source,
        count(*) AS root_count
    FROM marts.root_jobs
    WHERE phase = 'Failed'
    GROUP BY source
)

SELECT
    coalesce(reasons.source, failed.source) AS source,
    reasons.failure_count,
    reasons.odd_count,
    failed.root_count
FROM reasons
FULL JOIN failed ON reasons.source = failed.source
WHERE reasons.failure_count IS DISTINCT FROM failed.root_count OR reasons.odd_count > 0
