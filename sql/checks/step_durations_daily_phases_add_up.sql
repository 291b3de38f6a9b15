-- A count of steps that is not the sum of its phases, or that measured more steps than succeeded.
-- table: marts.step_durations_daily
SELECT
    source,
    job_type,
    created_on,
    step_count,
    success_count + failed_count + running_count + initializing_count AS phase_count
FROM marts.step_durations_daily
WHERE step_count != success_count + failed_count + running_count + initializing_count OR measured_count > success_count
