-- A day that is not the sum of its runs. `surplus` is 1 for what only marts.ingest_failure_rates_daily has, -1 for what
-- only intermediate.ingest_runs has.
-- table: marts.ingest_failure_rates_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        command,
        started_on,
        run_count,
        asked_count,
        failed_count,
        request_count,
        throttled_count,
        round(failure_rate * asked_count) AS rated_failed_count,
        round(throttled_rate * request_count) AS rated_throttled_count,
        1 AS side
    FROM marts.ingest_failure_rates_daily
    UNION ALL
    SELECT
        source,
        command,
        started_on,
        count(*) AS run_count,
        sum(asked_count)::BIGINT AS asked_count,
        sum(failed_count)::BIGINT AS failed_count,
        sum(request_count)::BIGINT AS request_count,
        sum(throttled_count)::BIGINT AS throttled_count,
        CASE WHEN sum(asked_count) != 0 THEN sum(failed_count) END AS rated_failed_count,
        CASE WHEN sum(request_count) != 0 THEN sum(throttled_count) END AS rated_throttled_count,
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
