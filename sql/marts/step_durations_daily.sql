-- How long each step type takes, by the day on which the steps started. Percentiles are of successful steps; failed and
-- running steps are only counted. For steps without a start, created_on is NULL, so that the days sum to
-- marts.step_durations.
-- grain: source, job_type, created_on
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   created_on: UTC date the steps started on; NULL for steps without a start
--   step_count: number of steps in any phase
--   success_count: steps in phase Success
--   failed_count: steps in phase Failed
--   running_count: steps neither finished nor Initializing, unknown phases included
--   initializing_count: steps in phase Initializing
--   root_count: number of root jobs with such a step
--   measured_count: successes with both clocks and a duration of 0 or more
--   p50_seconds: median duration of measured successes, seconds
--   p90_seconds: 90th percentile of their duration, seconds, interpolated
--   p95_seconds: 95th percentile of their duration, seconds, interpolated
--   p99_seconds: 99th percentile of their durations, seconds, interpolated
--   mean_seconds: mean of their duration, seconds
--   max_seconds: longest duration among them, seconds
WITH steps AS (
    SELECT
        source,
        job_type,
        root_job_id,
        phase,
        is_finished,
        -- Days since 1970, rounded down. DuckDB 2.0 rounds a day's last microsecond up when it casts to DATE, and a
        -- cast through text took a quarter of this model's time.
        make_date((
            epoch_ns(created_at) // 86400000000000 - (epoch_ns(created_at) % 86400000000000 < 0)::INTEGER
        )::INTEGER) AS created_on,
        CASE WHEN phase = 'Success' AND duration_seconds >= 0 THEN duration_seconds END AS success_seconds
    FROM core.steps
),

aggregates AS (
    SELECT
        source,
        job_type,
        created_on,
        count(*) AS step_count,
        count(*) FILTER (WHERE phase = 'Success') AS success_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        count(*) FILTER (WHERE NOT is_finished AND phase IS DISTINCT FROM 'Initializing') AS running_count,
        count(*) FILTER (WHERE phase = 'Initializing') AS initializing_count,
        count(DISTINCT root_job_id) AS root_count,
        count(success_seconds) AS measured_count,
        quantile_cont(success_seconds, [0.5, 0.9, 0.95, 0.99]) AS percentiles,
        -- Decimals, because a sum of floats depends on the order of the rows, which a replay changes.
        avg(success_seconds::DECIMAL(28, 9)) AS mean_seconds,
        max(success_seconds) AS max_seconds
    FROM steps
    GROUP BY source, job_type, created_on
)

SELECT
    source,
    job_type,
    created_on,
    step_count,
    success_count,
    failed_count,
    running_count,
    initializing_count,
    root_count,
    measured_count,
    percentiles[1] AS p50_seconds,
    percentiles[2] AS p90_seconds,
    percentiles[3] AS p95_seconds,
    percentiles[4] AS p99_seconds,
    mean_seconds,
    max_seconds
FROM aggregates
