-- A cohort that is in only one of the two tables. `surplus` is 1 for what only marts.step_cohorts has, -1 for what only
-- intermediate.comparisons has.
-- table: marts.step_cohorts
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
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
