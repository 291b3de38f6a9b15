-- A run that does not stand here as raw.fetch_runs has it. 1: only here, -1: only there.
-- table: intermediate.ingest_runs
WITH both_sides AS (
    SELECT
        * EXCLUDE (started_on, duration_seconds, asked_count),
        started_on = left(started_at::VARCHAR, 10)::DATE
        AND coalesce(duration_seconds = (epoch_ns(ended_at) - epoch_ns(started_at)) / 1e9, ended_at IS NULL)
        AND asked_count + skipped_count = requested_count AS is_sound,
        1 AS side
    FROM intermediate.ingest_runs
    UNION ALL BY NAME
    SELECT
        * RENAME (
            requested AS requested_count,
            skipped AS skipped_count,
            fetched AS fetched_count,
            unchanged AS unchanged_count,
            gone AS gone_count,
            failed AS failed_count,
            dead_lettered AS dead_lettered_count
        ),
        TRUE AS is_sound,
        -1 AS side
    FROM raw.fetch_runs
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
