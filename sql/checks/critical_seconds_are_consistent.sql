-- A step with negative critical seconds, with more of its own than with the steps below it, or with more than its root
-- took. Also a step that is marked as on the critical path without critical seconds, one whose self time is negative or
-- longer than itself, and one whose offset is not the time from its root's start to its own.
-- table: marts.steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    steps.source,
    steps.root_job_id,
    steps.path,
    steps.critical_self_seconds,
    steps.critical_seconds,
    steps.is_on_critical_path,
    steps.self_seconds,
    steps.offset_seconds
FROM marts.steps AS steps
INNER JOIN marts.root_jobs AS roots
    ON steps.source = roots.source AND steps.root_job_id = roots.job_id
WHERE
    steps.critical_self_seconds < 0
    OR steps.critical_self_seconds > steps.critical_seconds
    OR steps.critical_seconds > roots.duration_seconds
    OR (steps.is_on_critical_path AND steps.critical_seconds = 0)
    OR (steps.critical_seconds IS NULL) != (roots.critical_self_seconds IS NULL)
    OR steps.self_seconds < 0
    OR steps.self_seconds > steps.duration_seconds
    OR steps.offset_seconds
    IS DISTINCT FROM (epoch_ns(steps.created_at)::HUGEINT - epoch_ns(roots.created_at)) / 1e9
