-- How long our own runs take, by the day on which they started. It has the columns of marts.step_durations_daily for
-- runs instead of steps.
-- grain: source, command, started_on
-- columns:
--   source: one project in one region
--   command: what was run: run, load or dagster
--   started_on: UTC date the runs started on
--   run_count: number of runs
--   measured_count: of these, runs that ended
--   asked_count: ids or records they asked for
--   request_count: HTTP requests, including repeated ones
--   received_bytes: bytes of bodies received
--   p50_seconds: median duration of runs that ended, seconds, without the building of models
--   p90_seconds: 90th percentile of their duration, seconds, interpolated
--   p95_seconds: 95th percentile of their duration, seconds, interpolated
--   p99_seconds: 99th percentile of their durations, seconds, interpolated
--   mean_seconds: mean of their duration, seconds
--   max_seconds: longest duration among them, seconds
WITH days AS (
    SELECT
        source,
        command,
        started_on,
        count(*) AS run_count,
        count(duration_seconds) AS measured_count,
        sum(asked_count)::BIGINT AS asked_count,
        sum(request_count)::BIGINT AS request_count,
        sum(received_bytes)::BIGINT AS received_bytes,
        quantile_cont(duration_seconds, [0.5, 0.9, 0.95, 0.99]) AS percentiles,
        -- Decimals, because a sum of floats depends on the order of the rows, which a replay changes.
        avg(duration_seconds::DECIMAL(28, 9)) AS mean_seconds,
        max(duration_seconds) AS max_seconds
    FROM intermediate.ingest_runs
    GROUP BY source, command, started_on
)

SELECT
    source,
    command,
    started_on,
    run_count,
    measured_count,
    asked_count,
    request_count,
    received_bytes,
    percentiles[1] AS p50_seconds,
    percentiles[2] AS p90_seconds,
    percentiles[3] AS p95_seconds,
    percentiles[4] AS p99_seconds,
    mean_seconds,
    max_seconds
FROM days
