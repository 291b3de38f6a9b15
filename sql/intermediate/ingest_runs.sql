-- Each run that brought jobs in, a row a source: what raw.fetch_runs counts, with the day and the duration.
-- grain: source, run_id, started_at
-- columns:
--   source: one project in one region
--   run_id: the run; Dagster's own id when it started it
--   command: what was run: run, load or dagster
--   started_at: when it started, UTC
--   started_on: UTC date it started on
--   ended_at: when it ended, UTC
--   duration_seconds: ended_at - started_at, without the building of models
--   requested_count: ids or records it was given
--   skipped_count: of these, ids whose job had ended before, and was not asked for again
--   asked_count: of these, the others: requested_count - skipped_count
--   fetched_count: jobs that were new or had changed
--   unchanged_count: jobs that were as before
--   gone_count: ids the API has forgotten
--   failed_count: ids or records that failed
--   dead_lettered_count: of these, those kept in raw.dead_letters
--   core_row_count: rows of core.jobs written
--   request_count: HTTP requests, with those tried again
--   retry_count: requests that were tries after the first
--   throttled_count: requests answered with "too many"
--   received_bytes: bytes of bodies received
--   waited_seconds: seconds all requests together waited for their turn
--   p50_latency_seconds: median time to an answer, seconds
--   p95_latency_seconds: 95th percentile of it, seconds
SELECT
    source,
    run_id,
    command,
    started_at,
    -- Through text: DuckDB 2.0 rounds the last microsecond of a day up into the next one when it casts to DATE.
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
