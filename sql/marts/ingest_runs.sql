-- How long each of our own runs took, how many requests it made a second, and how much of it failed. A run over several
-- sources has a row for each.
-- grain: source, run_id, started_at
-- columns:
--   source: one project in one region
--   run_id: id of the run; Dagster's own id when Dagster started it
--   command: what was run: run, load or dagster
--   started_at: when it started, UTC
--   ended_at: when it ended, UTC
--   duration_seconds: seconds from start to end, without the building of models
--   requested_count: ids or records it was given
--   asked_count: of these, those not known as ended before
--   fetched_count: jobs that were new or had changed
--   unchanged_count: jobs that were as before
--   gone_count: ids the API has forgotten
--   failed_count: ids or records that failed
--   request_count: HTTP requests, including repeated ones
--   received_bytes: bytes of bodies received
--   core_row_count: rows of core.jobs written
--   coverage_rate: share of requested_count that did not fail, 0..1; NULL when nothing was requested
--   failure_rate: failed_count / asked_count, 0..1; NULL when nothing was asked for
--   requests_per_second: request_count / duration_seconds; NULL without requests
--   retry_rate: share of requests that were repeated ones, 0..1; NULL without requests
--   throttled_rate: share of requests answered with status 429, 0..1; NULL without requests
--   waited_seconds: seconds that all requests together waited for the rate limit
--   p50_latency_seconds: median seconds from request to response
--   p95_latency_seconds: 95th percentile of the seconds from request to response
SELECT
    source,
    run_id,
    command,
    started_at,
    ended_at,
    duration_seconds,
    requested_count,
    asked_count,
    fetched_count,
    unchanged_count,
    gone_count,
    failed_count,
    request_count,
    received_bytes,
    core_row_count,
    (requested_count - failed_count) / nullif(requested_count, 0)::DOUBLE AS coverage_rate,
    failed_count / nullif(asked_count, 0)::DOUBLE AS failure_rate,
    nullif(request_count, 0) / nullif(duration_seconds, 0) AS requests_per_second,
    retry_count / nullif(request_count, 0)::DOUBLE AS retry_rate,
    throttled_count / nullif(request_count, 0)::DOUBLE AS throttled_rate,
    waited_seconds,
    p50_latency_seconds,
    p95_latency_seconds
FROM intermediate.ingest_runs
