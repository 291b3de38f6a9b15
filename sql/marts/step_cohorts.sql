-- For whom a step is slow, or fails: slices of the roots by one dimension or two, against all other roots, clearest
-- first, each among the roots that those before it leave. Only findings: q_value below 0.01, ratio at least 1.2, and
-- the clearest twenty of a step type's durations or failures at most. Of a step type with more than 20,000 root jobs,
-- about 20,000, drawn evenly by a hash of their ids; so are all counts.
-- grain: job_type, measure, rank
-- columns:
--   job_type: what the step does
--   measure: duration or failure
--   rank: from 1, in the order they were found
--   dimensions: what the slice is told apart by, one or two names
--   dimension_values: the slice's value of each
--   comparison: whole window, or after change: both sides from the slice's own change on
--   since: when the slice changed, UTC; NULL for the whole window
--   ratio: how many times as long, or as often, as the others of their own kinds; NULL when none of those failed
--   ratio_low: lower end of its 95 % interval, by bootstrap over roots
--   ratio_high: upper end
--   p_value: two-sided, one value a root, over the window the slice was found in: Mann-Whitney; Fisher's exact, or
--     Cochran-Mantel-Haenszel by kind of root if that is larger; after a change times the possible dates
--   q_value: share of false findings if this is taken for one; one family with all comparisons of
--     intermediate.comparisons
--   root_count: roots in the slice, of those compared, as all counts
--   other_root_count: other roots it was compared with
--   step_count: steps of the roots in the slice, measured (duration) or finished (failure)
--   median_seconds: median of the roots' median durations, seconds; NULL for failures
--   other_median_seconds: the same of the others
--   failed_count: roots whose failure is blamed on such a step; NULL for durations
--   other_failed_count: the same of the others
--   failure_rate: failed_count of root_count, 0..1
--   other_failure_rate: the same of the others
SELECT
    job_type,
    measure,
    rank,
    dimensions,
    dimension_values,
    comparison,
    since_at AS since,
    ratio,
    ratio_low,
    ratio_high,
    p_value,
    q_value,
    root_count,
    other_root_count,
    step_count,
    median_seconds,
    other_median_seconds,
    failed_count,
    other_failed_count,
    failure_rate,
    other_failure_rate
FROM intermediate.comparisons
WHERE comparison != 'before and after' AND is_finding
