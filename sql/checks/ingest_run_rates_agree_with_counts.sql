-- A run that differs from intermediate.ingest_runs, or a rate that is not the quotient of its counts. `surplus` is 1
-- for what only marts.ingest_runs has, -1 for what only intermediate.ingest_runs has.
-- table: marts.ingest_runs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        * EXCLUDE (coverage_rate, failure_rate, requests_per_second, retry_rate, throttled_rate),
        round(coverage_rate * requested_count) AS not_failed_count,
        round(failure_rate * asked_count) AS rated_failed_count,
        round(retry_rate * request_count) AS retry_count,
        round(throttled_rate * request_count) AS throttled_count,
        1 AS side
    FROM marts.ingest_runs
    UNION ALL BY NAME
    SELECT
        * EXCLUDE (started_on, skipped_count, dead_lettered_count, retry_count, throttled_count),
        CASE WHEN requested_count != 0 THEN requested_count - failed_count END AS not_failed_count,
        CASE WHEN asked_count != 0 THEN failed_count END AS rated_failed_count,
        CASE WHEN request_count > 0 THEN retry_count END AS retry_count,
        CASE WHEN request_count > 0 THEN throttled_count END AS throttled_count,
        -1 AS side
    FROM intermediate.ingest_runs
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
