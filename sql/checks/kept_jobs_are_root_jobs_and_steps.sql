-- A source whose kept jobs are not its root jobs and its steps, once for each.
-- table: core.kept_jobs
WITH each_side AS (
    SELECT
        'kept' AS side,
        source,
        count(root_job_id) AS job_count,
        count(path) AS placed_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        sum(epoch_ns(created_at)) AS created_ns,
        sum(epoch_ns(ended_at)) AS ended_ns,
        sum(epoch_ns(observed_at)) AS observed_ns
    FROM core.kept_jobs
    GROUP BY source
    UNION ALL
    SELECT
        'steps' AS side,
        source,
        count(*) AS job_count,
        count(*) AS placed_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        sum(epoch_ns(created_at)) AS created_ns,
        sum(epoch_ns(ended_at)) AS ended_ns,
        sum(epoch_ns(observed_at)) AS observed_ns
    FROM marts.steps
    GROUP BY source
    UNION ALL
    SELECT
        'roots' AS side,
        source,
        count(*) AS job_count,
        count(*) AS placed_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        sum(epoch_ns(created_at)) AS created_ns,
        sum(epoch_ns(ended_at)) AS ended_ns,
        sum(epoch_ns(observed_at)) AS observed_ns
    FROM marts.root_jobs
    GROUP BY source
),

both_sides AS (
    SELECT
        side = 'kept' AS is_kept,
        source,
        sum(COLUMNS(* EXCLUDE (side, source)))
    FROM each_side
    GROUP BY ALL
)

SELECT
    COLUMNS(* EXCLUDE (is_kept)),
    string_agg(is_kept, ', ') AS kept_sides
FROM both_sides
GROUP BY ALL
HAVING count(*) != 2
