-- A finding that stands here more or less often than in the three tables it comes from, or without its place. 1: only
-- here, -1: only there.
-- table: marts.data_quality_findings
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
