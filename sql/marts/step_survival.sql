-- How many steps still run after so many seconds: the Kaplan-Meier curve of their end, success or failure (E. L. Kaplan
-- and P. Meier, 1958), and the Aalen-Johansen shares that ended in either (O. Aalen and S. Johansen, 1978). Steps still
-- running count up to their age when last seen; steps without sound clocks and jobs never listed are not in it.
-- grain: source, job_type, seconds
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   seconds: time since the step started at which steps ended or were last seen running, seconds
--   at_risk_count: steps known to run just before this time
--   succeeded_count: steps that ended at it in Success
--   failed_count: steps that ended at it in Failed
--   censored_count: steps last seen at it, still running
--   survival: share of steps that run longer than this, 0..1
--   success_incidence: share that has succeeded by this time, 0..1; not 1 - survival, as failures compete
--   failure_incidence: share that has failed by this time, 0..1
WITH kinds AS (
    SELECT
        source,
        job_type,
        row_number() OVER (ORDER BY source, job_type) AS kind_number,
        count(seconds) AS step_count
    FROM core.step_lifetimes
    GROUP BY source, job_type
),

ranked AS (
    SELECT
        kinds.kind_number,
        kinds.step_count,
        lifetimes.seconds,
        lifetimes.phase,
        lifetimes.is_ended,
        kinds.step_count + 1 - rank() OVER (PARTITION BY kinds.kind_number ORDER BY lifetimes.seconds) AS at_risk_count
    FROM core.step_lifetimes AS lifetimes
    INNER JOIN kinds
        ON lifetimes.source = kinds.source AND lifetimes.job_type IS NOT DISTINCT FROM kinds.job_type
    WHERE lifetimes.seconds IS NOT NULL
),

risks AS (
    SELECT
        kind_number,
        step_count,
        seconds,
        at_risk_count,
        count(*) FILTER (WHERE phase = 'Success') AS succeeded_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        count(*) FILTER (WHERE NOT is_ended) AS censored_count,
        at_risk_count - count(*) FILTER (WHERE is_ended) AS surviving_count
    FROM ranked
    GROUP BY kind_number, step_count, seconds, at_risk_count
),

-- A step last seen running leaves its weight to those that survive it: the Kaplan-Meier curve, and a plain share while
-- there is none. Logarithms and shares as decimals: a sum of floats depends on how the rows are divided.
weights AS (
    SELECT
        *,
        ln(surviving_count / nullif(surviving_count - censored_count, 0)) AS gain,
        exp(coalesce(sum(gain::DECIMAL(18, 16)) OVER before, 0)) AS weight,
        (succeeded_count * weight / step_count)::DECIMAL(18, 16) AS succeeded_share,
        (failed_count * weight / step_count)::DECIMAL(18, 16) AS failed_share
    FROM risks
    WINDOW before AS (PARTITION BY kind_number ORDER BY seconds ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)

SELECT
    kinds.source,
    kinds.job_type,
    weights.seconds,
    weights.at_risk_count,
    weights.succeeded_count,
    weights.failed_count,
    weights.censored_count,
    least(1, weights.surviving_count * weights.weight / weights.step_count) AS survival,  -- rounding made it 1 + 2e-16
    sum(weights.succeeded_share) OVER so_far::DOUBLE AS success_incidence,
    sum(weights.failed_share) OVER so_far::DOUBLE AS failure_incidence
FROM weights
INNER JOIN kinds ON weights.kind_number = kinds.kind_number
WINDOW so_far AS (PARTITION BY weights.kind_number ORDER BY weights.seconds ROWS UNBOUNDED PRECEDING)
