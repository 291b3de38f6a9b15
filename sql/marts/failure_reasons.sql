-- Why root jobs fail: the reasons of the jobs their failures are put down to, grouped by template, with what they cost
-- and how often the next job on the same resource did better.
-- grain: source, job_type, reason_template
-- columns:
--   source: one project in one region
--   job_type: what the blamed job does: a step, or the root itself when no step below it failed; NULL when not sent
--   reason_template: the reason with all that varies masked as <*>; the root's where the blamed job's says nothing;
--     '(no reason given)' when that does not either
--   failure_count: root failures put down to it; each failed root counts once
--   root_count: failed root jobs of the source, whatever the reason: what failure_count is a share of
--   first_failed_at: when the first blamed job ended, UTC
--   last_failed_at: when the last one ended, UTC
--   seconds_lost: sum of the seconds from each root's start to the end of the blamed job; without the roots that lack a
--     clock, NULL when all do
--   followed_count: failures after which a root job of the same type on the same cluster and resource started and has
--     finished
--   recovered_count: of these, those where the first such job succeeded
--   recovery_rate: recovered_count / followed_count, 0..1; NULL when none was followed
--   example_job_id: id of the root job that failed last for this reason
--   example_reason: its reason as sent
SELECT
    source,
    job_type,
    reason_template,
    count(*) AS failure_count,
    sum(count(*)) OVER (PARTITION BY source)::BIGINT AS root_count,
    min(failed_at) AS first_failed_at,
    max(failed_at) AS last_failed_at,
    -- As decimals: a sum of floats depends on the order of the rows, which a replay does not keep.
    sum(lost_seconds::DECIMAL(28, 9))::DOUBLE AS seconds_lost,
    count(next_phase) AS followed_count,
    count(*) FILTER (WHERE next_phase = 'Success') AS recovered_count,
    recovered_count / nullif(followed_count, 0)::DOUBLE AS recovery_rate,
    first(root_job_id ORDER BY failed_at DESC NULLS LAST, root_job_id ASC) AS example_job_id,
    first(reason ORDER BY failed_at DESC NULLS LAST, root_job_id ASC) AS example_reason
FROM marts.failed_roots
GROUP BY source, job_type, reason_template
