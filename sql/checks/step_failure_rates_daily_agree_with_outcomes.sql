-- A step type and day that does not fail here as core.step_outcomes counts it. 1: only here, -1: only there.
-- table: marts.step_failure_rates_daily
WITH both_sides AS (
    SELECT
        source,
        job_type,
        created_on,
        finished_count,
        failed_count,
        blamed_count,
        round(failure_rate * finished_count) AS rated_failed_count,
        round(blamed_rate * finished_count) AS rated_blamed_count,
        1 AS side
    FROM marts.step_failure_rates_daily
    UNION ALL
    SELECT
        source,
        job_type,
        created_on,
        finished_count,
        failed_count,
        blamed_count,
        CASE WHEN finished_count > 0 THEN failed_count END AS rated_failed_count,
        CASE WHEN finished_count > 0 THEN blamed_count END AS rated_blamed_count,
        -1 AS side
    FROM core.step_outcomes
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
