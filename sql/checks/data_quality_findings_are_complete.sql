-- A finding that is missing here, has more than one row, or lacks its place. `surplus` is 1 for what only
-- marts.data_quality_findings has, -1 for what only the three tables of findings has.
-- table: marts.data_quality_findings
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        root_job_id,
        path,
        finding,
        detail,
        TRUE AS is_placed,
        1 AS side
    FROM marts.data_quality_findings
    UNION ALL
    SELECT
        source,
        root_job_id,
        path,
        finding,
        detail,
        path IS NOT NULL AND root_job_id IS NOT NULL AND detail IS NOT NULL AS is_placed,
        -1 AS side
    FROM (
        FROM intermediate.clock_findings
        UNION ALL
        FROM intermediate.hierarchy_findings
        UNION ALL
        FROM intermediate.identity_findings
    ) AS parts
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
