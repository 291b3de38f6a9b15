-- A time at which the shares that run, succeeded and failed are no shares of one, the curve rises, or more steps are at
-- risk than were left; one part in 10^9 is left to rounding.
-- table: marts.step_survival
WITH curves AS (
    SELECT
        *,
        lag(survival, 1, 1) OVER kind AS survival_before,
        lag(at_risk_count - succeeded_count - failed_count - censored_count, 1, at_risk_count) OVER kind AS left_count
    FROM marts.step_survival
    WINDOW kind AS (PARTITION BY source, job_type ORDER BY seconds)
)

SELECT
    source,
    job_type,
    seconds,
    at_risk_count,
    left_count,
    survival_before,
    survival,
    success_incidence,
    failure_incidence
FROM curves
WHERE
    least(survival, success_incidence, failure_incidence) < 0
    OR abs(survival + success_incidence + failure_incidence - 1) > 1e-9
    OR survival > survival_before + 1e-9
    OR at_risk_count != left_count
