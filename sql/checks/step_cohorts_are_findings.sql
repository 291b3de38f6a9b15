-- A cohort below the limits of a finding, or whose figures contradict each other. Differences of one part in 10^9 count
-- as rounding.
-- table: marts.step_cohorts
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    job_type,
    measure,
    rank,
    ratio,
    ratio_low,
    ratio_high,
    q_value,
    root_count,
    other_root_count
FROM marts.step_cohorts
WHERE
    q_value >= 0.01
    OR ratio < 1.2
    OR ratio_low > ratio * (1 + 1e-9)
    OR ratio_high < ratio * (1 - 1e-9)
    OR least(root_count, other_root_count) < 10
    OR step_count < root_count
    OR (comparison = 'after change') != (since IS NOT NULL)
    OR (measure = 'failure') != (failure_rate IS NOT NULL)
    OR failed_count > root_count
