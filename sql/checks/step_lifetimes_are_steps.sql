-- A source whose lifetimes are not those of its steps, once for each.
-- table: core.step_lifetimes
WITH both_sides AS (
    SELECT
        'lifetimes' AS side,
        source,
        count(root_job_id) AS rooted_count,
        count(path) AS placed_count,
        count(*) FILTER (WHERE is_ended) AS ended_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        sum(epoch_ns(created_at)) AS created_ns
    FROM core.step_lifetimes
    GROUP BY source
    UNION ALL
    SELECT
        'steps' AS side,
        source,
        count(*) AS rooted_count,
        count(*) AS placed_count,
        count(*) FILTER (WHERE is_finished) AS ended_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        sum(epoch_ns(created_at)) AS created_ns
    FROM marts.steps
    GROUP BY source
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    string_agg(side, ', ') AS sides
FROM both_sides
GROUP BY ALL
HAVING count(*) != 2
