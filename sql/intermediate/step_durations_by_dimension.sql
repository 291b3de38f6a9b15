-- How long each step type takes: alone, and by root type, by cluster and by shape; the rows of marts.step_durations and
-- of its three twins.
-- computed by: cce_etl.models.computed.step_durations
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
