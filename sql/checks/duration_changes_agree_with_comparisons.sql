-- A change that is in only one of the two tables. `surplus` is 1 for what only marts.duration_changes has, -1 for what
-- only intermediate.comparisons has.
-- table: marts.duration_changes
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        *,
        1 AS side
    FROM marts.duration_changes
    UNION ALL BY NAME
    SELECT
        job_type,
        last_before_at,
        first_after_at,
        ratio,
        p_value,
        q_value,
        is_finding,
        first_seen_then,
        dimension_values[1] AS source,
        since_at AS changed_at,
        other_root_count AS before_root_count,
        root_count AS after_root_count,
        other_median_seconds AS before_median_seconds,
        median_seconds AS after_median_seconds,
        -1 AS side
    FROM intermediate.comparisons
    WHERE comparison = 'before and after'
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
