-- How many steps still run after a number of seconds: the Kaplan-Meier curve of their end, whether success or failure
-- (E. L. Kaplan and P. Meier, 1958), and the Aalen-Johansen shares that ended in success and in failure (O. Aalen and
-- S. Johansen, 1978). A step that still runs counts up to its age when last seen. Steps whose clocks are missing or run
-- backwards are left out.
-- computed by: cce_etl.models.computed.step_survival
-- grain: source, job_type, seconds
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   seconds: seconds from a step's start to its end, or to its last observation while it runs
--   at_risk_count: steps that were known to run just before this time
--   succeeded_count: steps that ended in Success at this time
--   failed_count: steps that ended in Failed at this time
--   censored_count: steps that were last seen at this time, still running
--   survival: share of steps that run longer than this, 0..1
--   success_incidence: share of steps that have succeeded by this time, 0..1; with survival and failure_incidence it
--     sums to 1
--   failure_incidence: share of steps that have failed by this time, 0..1
SELECT
    source,
    job_type,
    coalesce(duration_seconds, elapsed_seconds) AS seconds,
    coalesce(phase = 'Success', FALSE) AS has_succeeded,
    coalesce(phase = 'Failed', FALSE) AS has_failed
FROM core.steps
WHERE coalesce(duration_seconds, elapsed_seconds) >= 0
