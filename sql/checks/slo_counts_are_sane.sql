-- More steps within the target than count, a budget of more than all, a rate without steps, or steps without a target.
-- table: marts.slo
SELECT
    source,
    job_type,
    target_seconds,
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
