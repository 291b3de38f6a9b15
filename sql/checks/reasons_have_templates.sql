-- A reason of a failed job without a line or a template, or with several; or a template of a reason that no failed job
-- has.
-- table: intermediate.reason_templates
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH reasons AS (
    SELECT DISTINCT reason
    FROM core.jobs
    WHERE canonical_phase = 'Failed' AND reason IS NOT NULL
),

all_sides AS (
    SELECT
        reason,
        1 AS reason_count,
        0 AS line_count,
        0 AS template_count
    FROM reasons
    UNION ALL
    SELECT
        reason,
        0 AS reason_count,
        1 AS line_count,
        0 AS template_count
    FROM intermediate.reason_lines
    UNION ALL
    SELECT
        reason,
        0 AS reason_count,
        0 AS line_count,
        1 AS template_count
    FROM intermediate.reason_templates
)

SELECT
    reason,
    sum(reason_count) AS reason_count,
    sum(line_count) AS line_count,
    sum(template_count) AS template_count
FROM all_sides
GROUP BY reason
HAVING (sum(reason_count), sum(line_count), sum(template_count)) != (1, 1, 1)
