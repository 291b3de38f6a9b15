-- When the usual duration of a step type changed in a source: changes of level of the residuals (log duration less the
-- median of its step type and shape), one value a root, each confirmed by a permutation test. Of a step type with more
-- than 20,000 root jobs, about 20,000, drawn evenly by a hash of their ids; so are all counts.
-- grain: source, job_type, changed_at
-- columns:
--   source: one project in one region
--   job_type: what the step does
--   changed_at: midpoint between the last root before and the first after, UTC
--   last_before_at: start of the last root before, UTC
--   first_after_at: start of the first root after, UTC
--   before_root_count: roots compared, from the change before this one, or the first, to this one
--   after_root_count: roots compared, from this change to the next one, or the last
--   before_median_seconds: median of those roots' median durations, seconds
--   after_median_seconds: the same after the change, seconds
--   ratio: after over before, of median residuals, so that a change in the mixture of shapes does not count
--   p_value: of ranks before against after, times the roots of the series, since the date was searched for
--   q_value: share of false findings if this is taken for one; one family with all comparisons of
--     intermediate.comparisons
--   is_finding: q_value below 0.01 and at least 1.05 times as long or as short
--   first_seen_then: 'dimension=value' of what this source's roots first had within two days of the change
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
