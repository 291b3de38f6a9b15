-- A cohort that is no finding of intermediate.comparisons, or one of those that is not here. 1: only here, -1: only
-- there.
-- table: marts.step_cohorts
WITH both_sides AS (
    SELECT
        *,
        1 AS side
    FROM marts.step_cohorts
    UNION ALL BY NAME
    SELECT
        * EXCLUDE (last_before_at, first_after_at, is_finding, first_seen_then, since_at),
        since_at AS since,
        -1 AS side
    FROM intermediate.comparisons
    WHERE comparison != 'before and after' AND is_finding
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
