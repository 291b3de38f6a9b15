-- A running step with sound clocks without odds, odds of another step, or a percentile that is not theirs. 1: only
-- here, -1: only among the running steps.
-- table: core.running_step_odds
WITH both_sides AS (
    SELECT
        odds.source,
        odds.root_job_id,
        odds.path,
        odds.survival BETWEEN 0 AND 1
        AND coalesce(abs(running.age_percentile - 100 * (1 - odds.survival)) < 1e-9, running.kind_finished_count = 0)
            AS is_sound,
        1 AS side
    FROM core.running_step_odds AS odds
    LEFT JOIN marts.running_steps AS running
        ON odds.source = running.source AND odds.root_job_id = running.root_job_id AND odds.path = running.path
    UNION ALL
    SELECT
        source,
        root_job_id,
        path,
        TRUE AS is_sound,
        -1 AS side
    FROM marts.running_steps
    WHERE age_seconds >= 0
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
