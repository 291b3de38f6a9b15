-- A run that differs from its row in raw.fetch_runs. `surplus` is 1 for what only intermediate.ingest_runs has, -1 for
-- what only raw.fetch_runs has.
-- table: intermediate.ingest_runs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
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
