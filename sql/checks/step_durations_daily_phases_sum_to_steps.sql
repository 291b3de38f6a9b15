-- A number of steps that is not the sum of its phases, or more measured steps than successes.
-- table: marts.step_durations_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    job_type,
    created_on,
    step_count,
    success_count + failed_count + running_count + initializing_count AS phase_count
FROM marts.step_durations_daily
WHERE step_count != success_count + failed_count + running_count + initializing_count OR measured_count > success_count
