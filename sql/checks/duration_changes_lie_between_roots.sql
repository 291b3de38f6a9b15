-- A change whose date is not between the last root before it and the first after it, or with fewer than seven roots on
-- a side.
-- table: marts.duration_changes
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
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
