-- For whom a step type is slow, or fails. A cohort is a slice of the roots by one dimension or two, compared with all
-- other roots. The most significant comes first; each further one is found among the roots that the ones before leave.
-- Listed are findings only (q_value below 0.01 and ratio at least 1.2), and at most twenty for a step type's durations
-- and for its failures. Of a step type with more than 20,000 root jobs, about 20,000 are compared and counted, drawn
-- evenly by a hash of their ids.
-- grain: job_type, measure, rank
-- columns:
--   job_type: what the step does
--   measure: duration or failure
--   rank: number from 1, in the order in which they were found
--   dimensions: the one or two dimensions that define the slice
--   dimension_values: the slice's value in each dimension
--   comparison: 'whole window', or 'after change': only roots from the slice's own change on are compared
--   since: when the slice changed, UTC; NULL for the whole window
--   ratio: how many times as long, or as often, as other roots of the same shapes; NULL when none of those failed
--   ratio_low: lower end of its 95 % interval, by bootstrap over roots
--   ratio_high: upper end of that interval
--   p_value: two-sided p-value of one value per root, over the window in which the slice was found. Durations:
--     Mann-Whitney. Failures: Fisher's exact test, or Cochran-Mantel-Haenszel by shape if that is larger. After a
--     change it is multiplied by the number of possible dates
--   q_value: share of false findings among all with this q-value or a smaller one; all comparisons of
--     intermediate.comparisons are one family
--   root_count: roots in the slice; this and all counts are of compared roots
--   other_root_count: other roots it was compared with
--   step_count: steps of the roots in the slice: measured ones (duration) or finished ones (failure)
--   median_seconds: median of the roots' median durations, seconds; NULL for failures
--   other_median_seconds: the same of the other roots
--   failed_count: roots whose failure is blamed on such a step; NULL for durations
--   other_failed_count: the same of the other roots
--   failure_rate: failed_count of root_count, 0..1
--   other_failure_rate: the same of the other roots
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
