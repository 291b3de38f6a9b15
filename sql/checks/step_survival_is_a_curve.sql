-- A time at which the shares of running, succeeded and failed steps do not sum to 1, the curve rises, or more steps are
-- at risk than were left. Differences of one part in 10^9 count as rounding.
-- table: marts.step_survival
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
-- Each step type has a number to sort by. Sorting by its texts took a third longer.
WITH step_types AS (
    SELECT
        source,
        job_type,
        row_number() OVER () AS kind_number
    FROM marts.step_survival
    GROUP BY source, job_type
),

times AS (
    SELECT
        curve.*,
        step_types.kind_number,
        curve.at_risk_count - curve.succeeded_count - curve.failed_count - curve.censored_count AS later_count
    FROM marts.step_survival AS curve
    INNER JOIN step_types
        ON curve.source = step_types.source AND curve.job_type IS NOT DISTINCT FROM step_types.job_type
),

curves AS (
    SELECT
        *,
        lag(survival, 1, 1) OVER kind AS survival_before,
        lag(later_count, 1, at_risk_count) OVER kind AS left_count
    FROM times
    WINDOW kind AS (PARTITION BY kind_number ORDER BY seconds)
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
