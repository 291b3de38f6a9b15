-- Changes of level whose date is not between the roots on either side, or with fewer than seven of them.
-- table: marts.duration_changes
SELECT
    source,
    job_type,
    changed_at,
    last_before_at,
    first_after_at,
    before_root_count,
    after_root_count
FROM marts.duration_changes
WHERE
    changed_at < last_before_at
    OR changed_at > first_after_at
    OR least(before_root_count, after_root_count) < 7
    OR q_value < 0
    OR q_value > 1
