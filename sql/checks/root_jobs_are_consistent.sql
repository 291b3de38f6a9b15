-- A root job whose seconds are not those of its clocks, whose phase and `is_finished` contradict each other, or whose
-- counts are impossible. Also a failed one without a cause, or one that is its own cause although a step failed.
-- table: marts.root_jobs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH clocks AS (
    SELECT
        *,
        epoch_ns(planned_at)::HUGEINT AS planned_ns,
        epoch_ns(created_at)::HUGEINT AS created_ns,
        epoch_ns(ended_at)::HUGEINT AS ended_ns,
        CASE WHEN NOT is_finished AND coalesce(phase, '') != 'Initializing' THEN epoch_ns(observed_at)::HUGEINT END
            AS seen_ns
    FROM marts.root_jobs
)

SELECT
    source,
    job_id,
    phase,
    duration_seconds,
    elapsed_seconds,
    wait_seconds,
    step_count,
    finished_step_count,
    failed_step_count,
    failed_leaf_count,
    blamed_path,
    self_seconds
FROM clocks
WHERE
    duration_seconds IS DISTINCT FROM (ended_ns - created_ns) / 1e9
    OR elapsed_seconds IS DISTINCT FROM (seen_ns - created_ns) / 1e9
    OR wait_seconds IS DISTINCT FROM (created_ns - planned_ns) / 1e9
    OR is_finished != coalesce(phase IN ('Success', 'Failed'), FALSE)
    OR failed_step_count > finished_step_count
    OR finished_step_count > step_count
    OR failed_leaf_count > failed_step_count
    OR (failed_leaf_count = 0) != (blamed_path = '')
    OR (blamed_path IS NULL) != (coalesce(phase, '') != 'Failed')
    OR self_seconds NOT BETWEEN 0 AND duration_seconds
