-- A comparison whose figures contradict each other or its kind, or a rank that is missing between others. Differences
-- of one part in 10^9 count as rounding.
-- table: intermediate.comparisons
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH numbered AS (
    SELECT
        *,
        comparison = 'before and after' AS is_change,
        row_number() OVER (PARTITION BY job_type, measure, comparison = 'before and after' ORDER BY rank) AS number
    FROM intermediate.comparisons
)

SELECT COLUMNS(* EXCLUDE (is_change, number))
FROM numbered
WHERE
    coalesce(rank != number, TRUE)
    OR job_type IS NULL
    OR measure IS NULL
    OR comparison IS NULL
    OR p_value < 0
    OR p_value > q_value * (1 + 1e-9)
    OR q_value > 1
    OR least(root_count, other_root_count) < 7
    OR step_count < root_count
    OR ratio_low > ratio * (1 + 1e-9)
    OR ratio_high < ratio * (1 - 1e-9)
    OR least(median_seconds, other_median_seconds) <= 0
    OR (measure = 'failure') != (failure_rate IS NOT NULL)
    OR abs(failure_rate * root_count - failed_count) > 1e-6
    OR abs(other_failure_rate * other_root_count - other_failed_count) > 1e-6
    OR (comparison = 'whole window') != (since_at IS NULL)
    OR is_change != (last_before_at IS NOT NULL)
    OR abs(2 * epoch_ns(since_at)::HUGEINT - epoch_ns(last_before_at) - epoch_ns(first_after_at)) > 1
    OR (is_finding AND q_value >= 0.01)
    OR (NOT is_finding AND q_value < 0.01 AND greatest(ratio, 1 / ratio) > 1.05 * (1 + 1e-9))
