-- How many of the finished steps of each type failed, and on how many of them their root's failure is blamed. The
-- intervals are Wilson's score intervals at 95 % (E. B. Wilson, 1927), which are also good for few steps.
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   finished_count: steps in phase Success or Failed
--   failed_count: steps in phase Failed, including those that failed because a step below them did
--   blamed_count: of these, steps that their root's failure is blamed on, at most one for each failed root; a root that
--     is blamed itself is not counted here
--   running_count: steps neither finished nor Initializing, unknown phases included; no part of the rates
--   initializing_count: steps in phase Initializing; no part of the rates
--   failure_rate: failed_count / finished_count, 0..1; NULL when nothing finished
--   failure_rate_low: lower end of its 95 % interval, 0..1
--   failure_rate_high: upper end of its 95 % interval, 0..1
--   blamed_rate: blamed_count / finished_count, 0..1; NULL when nothing finished
--   blamed_rate_low: lower end of its 95 % interval, 0..1
--   blamed_rate_high: upper end of its 95 % interval, 0..1
SELECT COLUMNS(* EXCLUDE (period, created_on))
FROM intermediate.step_failure_rates
WHERE period = 'all'
