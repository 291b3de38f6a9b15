-- How many steps still run after so many seconds: the Kaplan-Meier curve of their end, success or failure (E. L. Kaplan
-- and P. Meier, 1958), and the Aalen-Johansen shares that ended in either (O. Aalen and S. Johansen, 1978). Steps still
-- running count up to their age when last seen; steps without sound clocks and jobs never listed are not in it.
-- computed by: cce_etl.models.computed.step_survival
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
SELECT
    source,
    job_type,
    coalesce(duration_seconds, elapsed_seconds) AS seconds,
    coalesce(phase = 'Success', FALSE) AS has_succeeded,
    coalesce(phase = 'Failed', FALSE) AS has_failed
FROM core.steps
WHERE coalesce(duration_seconds, elapsed_seconds) >= 0
