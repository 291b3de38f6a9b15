-- How long steps take, by step type and by one more dimension: the figures of marts.step_durations and of its twins.
-- grain: source, job_type, dimension, dimension_value
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   dimension: root_job_type, cluster_id or root_shape_id; 'all' for the step type alone
--   dimension_value: its value, NULL when it has none and for 'all'
--   step_count: number of steps in any phase
--   success_count: steps in phase Success
--   failed_count: steps in phase Failed
--   running_count: steps neither finished nor Initializing, unknown phases included
--   initializing_count: steps in phase Initializing
--   measured_count: successes with both clocks and a duration of 0 or more
--   p50_seconds: median duration of measured successes, seconds
--   p90_seconds: 90th percentile of their duration, seconds, interpolated
--   p95_seconds: 95th percentile of their duration, seconds, interpolated
--   p99_seconds: 99th percentile of their duration, seconds, interpolated
--   mean_seconds: mean of their duration, seconds
--   max_seconds: longest duration among them, seconds
WITH steps AS (
    SELECT
        *,
        CASE WHEN phase = 'Success' THEN seconds END AS success_seconds
    FROM core.step_lifetimes
),

aggregates AS (
    SELECT
        source,
        job_type,
        grouping(root_job_type, cluster_id, root_shape_id) AS omitted,
        coalesce(root_job_type, cluster_id, root_shape_id) AS dimension_value,
        count(*) AS step_count,
        count(*) FILTER (WHERE phase = 'Success') AS success_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        count(*) FILTER (WHERE NOT is_ended AND phase IS DISTINCT FROM 'Initializing') AS running_count,
        count(*) FILTER (WHERE phase = 'Initializing') AS initializing_count,
        count(success_seconds) AS measured_count,
        quantile_cont(success_seconds, [0.5, 0.9, 0.95, 0.99]) AS percentiles,
        -- As decimals: a sum of floats depends on the order of the rows, which a replay does not keep.
        avg(success_seconds::DECIMAL(28, 9)) AS mean_seconds,
        max(success_seconds) AS max_seconds
    FROM steps
    GROUP BY source, job_type, GROUPING SETS ((), (root_job_type), (cluster_id), (root_shape_id))
)

SELECT
    source,
    job_type,
    ['root_job_type', NULL, 'cluster_id', 'root_shape_id', 'all'][omitted - 2] AS dimension,
    dimension_value,
    step_count,
    success_count,
    failed_count,
    running_count,
    initializing_count,
    measured_count,
    percentiles[1] AS p50_seconds,
    percentiles[2] AS p90_seconds,
    percentiles[3] AS p95_seconds,
    percentiles[4] AS p99_seconds,
    mean_seconds,
    max_seconds
FROM aggregates
