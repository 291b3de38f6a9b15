-- When the usual duration of a step type changed in a source. A change is a change of level of the residuals: a root's
-- log duration less the median of its step type and shape. Each is confirmed by a permutation test. Of a step type with
-- more than 20,000 root jobs, about 20,000 are compared and counted, drawn evenly by a hash of their ids.
-- grain: source, job_type, changed_at
-- columns:
--   source: one project in one region
--   job_type: what the step does
--   changed_at: midpoint between the last root before and the first after, UTC
--   last_before_at: start of the last root before, UTC
--   first_after_at: start of the first root after, UTC
--   before_root_count: compared roots between the change before, or the first root, and this change
--   after_root_count: compared roots between this change and the next, or the last root
--   before_median_seconds: median of the median durations of the roots before, seconds
--   after_median_seconds: median of the median durations of the roots after, seconds
--   ratio: duration after over before, from median residuals, so that a change in the mixture of shapes does not count
--   p_value: of a rank test of before against after, times the number of roots in the series, because the date was
--     searched for
--   q_value: share of false findings among all with this q-value or a smaller one; all comparisons of
--     intermediate.comparisons are one family
--   is_finding: true when q_value is below 0.01 and the duration is at least 1.05 times as long or as short
--   first_seen_then: each 'dimension=value' that this source's roots first had within two days of the change
SELECT
    dimension_values[1] AS source,
    job_type,
    since_at AS changed_at,
    last_before_at,
    first_after_at,
    other_root_count AS before_root_count,
    root_count AS after_root_count,
    other_median_seconds AS before_median_seconds,
    median_seconds AS after_median_seconds,
    ratio,
    p_value,
    q_value,
    is_finding,
    first_seen_then
FROM intermediate.comparisons
WHERE comparison = 'before and after'
