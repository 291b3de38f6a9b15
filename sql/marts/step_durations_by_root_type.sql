-- How long each step type takes in each type of root job. The other columns are as in marts.step_durations.
-- grain: source, job_type, root_job_type
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   root_job_type: the root's type, NULL when not sent
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
    dimension_value AS root_job_type,
    COLUMNS(* EXCLUDE (source, job_type, dimension, dimension_value))
FROM intermediate.step_durations_by_dimension
WHERE dimension = 'root_job_type'
