-- Steps with less than no time on the critical path, more alone than with what is below them, or more than the root
-- took; steps named on it that hold none of it; self times that are negative or longer than the step; offsets that are
-- not from the root's start to the step's.
-- table: marts.steps
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
