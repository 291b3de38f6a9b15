-- More steps within the target than count, a budget of more than all, a rate without steps or not that of
-- its counts, steps without a target, or a target below zero.
-- table: marts.slo
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
