-- More steps within the target than steps that count, an error budget above 1, a rate without steps or other than that
-- of its counts, steps that count without a target, or a negative target.
-- table: marts.slo
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    job_type,
    target_seconds,
    objective,
    step_count,
    within_count,
    within_rate,
    error_budget_left,
    burn_rate
FROM marts.slo
WHERE
    within_count > step_count
    OR error_budget_left > 1
    OR burn_rate < 0
    OR (step_count > 0 AND target_seconds IS NULL)
    OR (step_count = 0) != (within_rate IS NULL)
    OR (step_count = 0) != (error_budget_left IS NULL)
    OR (target_seconds IS NULL) != (target_origin IS NULL)
    OR abs(within_rate * step_count - within_count) > 1e-6 * step_count
    OR abs((1 - error_budget_left) * (1 - objective) - (1 - within_rate)) > 1e-6
    OR target_seconds < 0
