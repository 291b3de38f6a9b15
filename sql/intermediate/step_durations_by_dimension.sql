-- How long each step type takes, in total and by root type, by cluster and by shape: the rows of marts.step_durations
-- and of the three tables that divide it.
-- computed by: cce_etl.models.computed.step_durations
-- grain: source, job_type, dimension, dimension_value
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   dimension: all, root_job_type, cluster_id or root_shape_id
--   dimension_value: value of the dimension, NULL when not sent
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
--   measured_root_count: root jobs with a measured success
--   p50_low_seconds: lower end of a 95 % interval of the median, seconds, by order statistics of one value per root
--     (the median of its measured successes); NULL below 6 such roots
--   p50_high_seconds: upper end of that interval, seconds
--   km_event_count: steps in the Kaplan-Meier curve that ended, in Success or Failed
--   km_censored_count: steps in the curve that were running when last seen, counted up to that age; Initializing ones
--     are left out
--   km_p50_seconds: seconds by which half have ended according to that curve; NULL when the curve ends before
--   km_p90_seconds: seconds by which 90 % have ended; NULL likewise
--   km_p95_seconds: seconds by which 95 % have ended; NULL likewise
SELECT
    source,
    job_type,
    root_job_id,
    root_job_type,
    cluster_id,
    root_shape_id,
    -- A step that still runs counts with its age when last seen. Clocks that run backwards give no value.
    CASE
        WHEN coalesce(duration_seconds, elapsed_seconds) >= 0 THEN coalesce(duration_seconds, elapsed_seconds)
    END AS seconds,
    CASE phase WHEN 'Success' THEN 0 WHEN 'Failed' THEN 1 WHEN 'Initializing' THEN 2 ELSE 3 END::TINYINT AS state
FROM core.steps
