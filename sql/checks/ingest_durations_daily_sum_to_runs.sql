-- A day that is not the sum of its runs, or whose percentiles are outside the runs' durations or fall. Differences of
-- one part in 10^9 count as rounding. `surplus` is 1 for what only marts.ingest_durations_daily has, -1 for what only
-- intermediate.ingest_runs has.
-- table: marts.ingest_durations_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        command,
        started_on,
        run_count,
        measured_count,
        asked_count,
        request_count,
        received_bytes,
        max_seconds,
        coalesce(
            p50_seconds <= p90_seconds + 1e-9
            AND p90_seconds <= p95_seconds + 1e-9
            AND p95_seconds <= p99_seconds + 1e-9
            AND p99_seconds <= max_seconds + 1e-9
            AND mean_seconds <= max_seconds + 1e-9
            AND least(p50_seconds, mean_seconds) >= least(0, max_seconds),
            TRUE
        ) AS is_ordered,
        1 AS side
    FROM marts.ingest_durations_daily
    UNION ALL
    SELECT
        source,
        command,
        started_on,
        count(*) AS run_count,
        count(duration_seconds) AS measured_count,
        sum(asked_count)::BIGINT AS asked_count,
        sum(request_count)::BIGINT AS request_count,
        sum(received_bytes)::BIGINT AS received_bytes,
        max(duration_seconds) AS max_seconds,
        TRUE AS is_ordered,
        -1 AS side
    FROM intermediate.ingest_runs
    GROUP BY source, command, started_on
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
