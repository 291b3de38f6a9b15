-- Why root jobs fail. The reasons of the blamed jobs are grouped by template, with the time they cost and how often the
-- next job on the same resource succeeded.
-- grain: source, job_type, reason_template
-- columns:
--   source: one project in one region
--   job_type: what the blamed job does: a step, or the root itself when no step below it failed; NULL when not sent
--   reason_template: the reason with all that varies masked as <*>; the root's reason when the blamed job's says
--     nothing; '(no reason given)' when neither does
--   failure_count: root failures with this reason; each failed root counts once
--   root_count: failed root jobs of the source with any reason: failure_count is a part of them
--   first_failed_at: when the first blamed job ended, UTC
--   last_failed_at: when the last one ended, UTC
--   seconds_lost: seconds from each root's start to the end of the blamed job, summed; roots that lack a clock are left
--     out; NULL when all do
--   followed_count: failures after which a root job of the same type on the same cluster and resource started and has
--     finished
--   recovered_count: of these, failures after which the first such job succeeded
--   recovery_rate: recovered_count / followed_count, 0..1; NULL when none was followed
--   example_job_id: id of the root job that failed last for this reason
--   example_reason: reason of that job as sent
SELECT
    source,
    job_type,
    reason_template,
    count(*) AS failure_count,
    sum(count(*)) OVER (PARTITION BY source)::BIGINT AS root_count,
    min(failed_at) AS first_failed_at,
    max(failed_at) AS last_failed_at,
    -- Decimals, because a sum of floats depends on the order of the rows, which a replay changes.
    sum(lost_seconds::DECIMAL(28, 9))::DOUBLE AS seconds_lost,
    count(next_phase) AS followed_count,
    count(*) FILTER (WHERE next_phase = 'Success') AS recovered_count,
    recovered_count / nullif(followed_count, 0)::DOUBLE AS recovery_rate,
    first(root_job_id ORDER BY failed_at DESC NULLS LAST, root_job_id ASC) AS example_job_id,
    first(reason ORDER BY failed_at DESC NULLS LAST, root_job_id ASC) AS example_reason
FROM marts.failed_roots
GROUP BY source, job_type, reason_template
