-- How often each step type fails, and how often it is what its root's failure is put down to, of the steps that
-- finished, by the day it started. The intervals are Wilson's score intervals at 95 % (E. B. Wilson, 1927), sensible
-- for few steps as well. Steps without a start have no day: created_on is NULL, so that days sum to
-- marts.step_failure_rates.
-- grain: source, job_type, created_on
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   created_on: UTC date the steps started on; NULL for steps without a start
--   finished_count: steps in phase Success or Failed
--   failed_count: steps in phase Failed, with those that failed because a step below them did
--   blamed_count: of these, steps that their root's failure is put down to, one a failed root at most; a root that
--     failed without a failed step is no step and not in here
--   running_count: steps neither finished nor Initializing, unknown phases included; no part of the rates
--   initializing_count: steps in phase Initializing; no part of the rates
--   failure_rate: failed_count / finished_count, 0..1; NULL when nothing finished
--   failure_rate_low: lower end of its 95 % interval, 0..1
--   failure_rate_high: upper end of its 95 % interval, 0..1
--   blamed_rate: blamed_count / finished_count, 0..1; NULL when nothing finished
--   blamed_rate_low: lower end of its 95 % interval, 0..1
--   blamed_rate_high: upper end of its 95 % interval, 0..1
SELECT COLUMNS(* EXCLUDE (period))
FROM intermediate.step_failure_rates
WHERE period = 'day'
