-- A step whose seconds or flags are not those of its clocks.
-- table: marts.steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH clocks AS (
    SELECT
        source,
        root_job_id,
        path,
        phase,
        is_finished,
        duration_seconds,
        elapsed_seconds,
        wait_seconds,
        is_ended_before_started,
        is_clock_missing,
        epoch_ns(planned_at)::HUGEINT AS planned_ns,
        epoch_ns(created_at)::HUGEINT AS created_ns,
        epoch_ns(ended_at)::HUGEINT AS ended_ns,
        CASE WHEN NOT is_finished AND coalesce(phase, '') != 'Initializing' THEN epoch_ns(observed_at)::HUGEINT END
            AS seen_ns
    FROM marts.steps
)

SELECT *
FROM clocks
WHERE
    duration_seconds IS DISTINCT FROM (ended_ns - created_ns) / 1e9
    OR elapsed_seconds IS DISTINCT FROM (seen_ns - created_ns) / 1e9
    OR wait_seconds IS DISTINCT FROM (created_ns - planned_ns) / 1e9
    OR is_ended_before_started != coalesce(ended_ns < created_ns, FALSE)
    OR is_clock_missing
    != (coalesce(phase, '') != 'Initializing' AND (created_ns IS NULL OR (is_finished AND ended_ns IS NULL)))
