-- Each run that loaded jobs, with one row for each source: the counts of raw.fetch_runs, the day and the duration.
-- grain: source, run_id, started_at
-- columns:
--   source: one project in one region
--   run_id: id of the run; Dagster's own id when Dagster started it
--   command: what was run: run, load or dagster
--   started_at: when it started, UTC
--   started_on: UTC date it started on
--   ended_at: when it ended, UTC
--   duration_seconds: seconds from start to end, without the building of models
--   requested_count: ids or records it was given
--   skipped_count: of these, ids whose job had already ended and that were not asked for again
--   asked_count: of requested_count, those that were asked for: requested_count - skipped_count
--   fetched_count: jobs that were new or had changed
--   unchanged_count: jobs that were as before
--   gone_count: ids the API has forgotten
--   failed_count: ids or records that failed
--   dead_lettered_count: of failed_count, those kept in raw.dead_letters
--   core_row_count: rows of core.jobs written
--   request_count: HTTP requests, including repeated ones
--   retry_count: repeated requests
--   throttled_count: requests answered with status 429
--   received_bytes: bytes of bodies received
--   waited_seconds: seconds that all requests together waited for the rate limit
--   p50_latency_seconds: median seconds from request to response
--   p95_latency_seconds: 95th percentile of the seconds from request to response
SELECT
    source,
    run_id,
    command,
    started_at,
    -- Cast through text: DuckDB 2.0 rounds the last microsecond of a day up to the next day when it casts to DATE.
    left(started_at::VARCHAR, 10)::DATE AS started_on,
    ended_at,
    (epoch_ns(ended_at) - epoch_ns(started_at)) / 1e9 AS duration_seconds,
    requested AS requested_count,
    skipped AS skipped_count,
    requested - skipped AS asked_count,
    fetched AS fetched_count,
    unchanged AS unchanged_count,
    gone AS gone_count,
    failed AS failed_count,
    dead_lettered AS dead_lettered_count,
    core_row_count,
    request_count,
    retry_count,
    throttled_count,
    received_bytes,
    waited_seconds,
    p50_latency_seconds,
    p95_latency_seconds
FROM raw.fetch_runs
