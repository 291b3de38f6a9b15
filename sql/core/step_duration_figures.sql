-- How long each step type takes: alone, and by root type, by cluster and by shape; the rows of marts.step_durations and
-- of its three twins.
-- view: three tables side by side, each mart takes its rows
-- grain: source, job_type, dimension, dimension_value
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   dimension: all, root_job_type, cluster_id or root_shape_id
--   dimension_value: its value, NULL when not sent
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
--   p99_seconds: 99th percentile of their duration, seconds, interpolated
--   mean_seconds: mean of their duration, seconds
--   max_seconds: longest duration among them, seconds
--   measured_root_count: root jobs with a measured success
--   p50_low_seconds: lower end of a 95 % interval of the median of one value a root, the median of its measured
--     successes, by order statistics; seconds; NULL below 6 such roots
--   p50_high_seconds: upper end of that interval, seconds
--   km_event_count: steps in the Kaplan-Meier curve that ended, in Success or Failed
--   km_censored_count: steps in it still running when last seen, at risk up to that age; Initializing left out
--   km_p50_seconds: time by which half have ended by that curve, running ones counted as they should be, seconds; NULL
--     when it does not come so far. Jobs never listed are not in it
--   km_p90_seconds: time by which 90 % have ended, likewise
--   km_p95_seconds: time by which 95 % have ended, likewise
SELECT
    slices.source,
    slices.job_type,
    slices.dimension,
    slices.dimension_value,
    slices.step_count,
    slices.success_count,
    slices.failed_count,
    slices.running_count,
    slices.initializing_count,
    intervals.root_count,
    slices.measured_count,
    slices.p50_seconds,
    slices.p90_seconds,
    slices.p95_seconds,
    slices.p99_seconds,
    slices.mean_seconds,
    slices.max_seconds,
    intervals.measured_root_count,
    intervals.p50_low_seconds,
    intervals.p50_high_seconds,
    coalesce(curves.km_event_count, 0) AS km_event_count,
    coalesce(curves.km_censored_count, 0) AS km_censored_count,
    curves.km_p50_seconds,
    curves.km_p90_seconds,
    curves.km_p95_seconds
FROM core.step_duration_slices AS slices
INNER JOIN core.step_median_intervals AS intervals
    ON
        slices.source = intervals.source
        AND slices.job_type IS NOT DISTINCT FROM intervals.job_type
        AND slices.dimension = intervals.dimension
        AND slices.dimension_value IS NOT DISTINCT FROM intervals.dimension_value
LEFT JOIN core.step_km_percentiles AS curves
    ON
        slices.source = curves.source
        AND slices.job_type IS NOT DISTINCT FROM curves.job_type
        AND slices.dimension = curves.dimension
        AND slices.dimension_value IS NOT DISTINCT FROM curves.dimension_value
