-- A running step that differs from marts.steps, or from the finished steps of its type: their number is the number of
-- ends in the type's curve, and their roots are not more than the type has. `surplus` is 1 for what only
-- marts.running_steps has, -1 for what only marts.steps has.
-- table: marts.running_steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        running.source,
        running.root_job_id,
        running.path,
        running.job_id,
        running.phase,
        running.created_at,
        running.observed_at,
        running.age_seconds,
        running.kind_finished_count,
        running.is_stuck = coalesce(running.age_seconds > running.kind_p99_seconds, FALSE)
        AND (
            (running.kind_finished_count = 0 AND running.kind_root_count = 0 AND running.kind_p99_seconds IS NULL)
            OR (
                running.kind_p99_seconds BETWEEN 0 AND running.kind_max_seconds * (1 + 1e-9)
                AND running.kind_root_count BETWEEN 1 AND least(running.kind_finished_count, durations.root_count)
            )
        ) AS is_sound,
        1 AS side
    FROM marts.running_steps AS running
    LEFT JOIN marts.step_durations AS durations
        ON running.source = durations.source AND running.job_type IS NOT DISTINCT FROM durations.job_type
    UNION ALL
    SELECT
        steps.source,
        steps.root_job_id,
        steps.path,
        steps.job_id,
        steps.phase,
        steps.created_at,
        steps.observed_at,
        steps.elapsed_seconds AS age_seconds,
        durations.km_event_count AS kind_finished_count,
        TRUE AS is_sound,
        -1 AS side
    FROM marts.steps AS steps
    LEFT JOIN marts.step_durations AS durations
        ON steps.source = durations.source AND steps.job_type IS NOT DISTINCT FROM durations.job_type
    WHERE NOT steps.is_finished AND coalesce(steps.phase, '') != 'Initializing'
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
