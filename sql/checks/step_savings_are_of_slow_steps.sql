-- A step type whose number of slow steps is not the number of its steps above its p95 on roots with a critical path.
-- `surplus` is 1 for what only intermediate.step_savings has, -1 for what only the steps has.
-- table: intermediate.step_savings
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        job_type,
        slow_step_count,
        saved_seconds >= 0 AS is_saving,
        1 AS side
    FROM intermediate.step_savings
    UNION ALL
    SELECT
        steps.source,
        steps.job_type,
        count(*) AS slow_step_count,
        TRUE AS is_saving,
        -1 AS side
    FROM marts.steps AS steps
    INNER JOIN marts.step_durations AS durations
        ON
            steps.source = durations.source
            AND steps.job_type IS NOT DISTINCT FROM durations.job_type
            AND steps.duration_seconds > durations.p95_seconds
    WHERE steps.critical_seconds IS NOT NULL AND steps.self_seconds IS NOT NULL
    GROUP BY steps.source, steps.job_type
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
