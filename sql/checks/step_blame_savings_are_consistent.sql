-- A step type whose savings are negative or longer than all roots took, that saves without a slow step, or whose counts
-- contradict each other.
-- table: marts.step_blame
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    job_type,
    root_count,
    step_count,
    day_count,
    slow_step_count,
    saved_seconds
FROM marts.step_blame
WHERE
    saved_seconds < 0
    OR saved_seconds > root_seconds
    OR (saved_seconds > 0 AND slow_step_count = 0)
    OR slow_step_count > step_count
    OR root_count > step_count
    OR day_count < 1
