-- A step type with at most 20,000 root jobs of which not all are compared, or one with more of which not about 20,000
-- are. A difference of one in twenty is seven standard deviations.
-- table: intermediate.compared_roots
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH totals AS (
    SELECT
        job_type,
        source,
        root_count,
        sum(root_count) OVER (PARTITION BY job_type) AS total_count
    FROM marts.step_durations
    WHERE job_type IS NOT NULL
),

drawn AS (
    SELECT
        job_type,
        source,
        count(root_job_id) AS compared_count,
        sum(count(root_job_id)) OVER (PARTITION BY job_type) AS total_compared_count
    FROM intermediate.compared_roots
    GROUP BY job_type, source
)

SELECT
    coalesce(totals.job_type, drawn.job_type) AS job_type,
    coalesce(totals.source, drawn.source) AS source,
    totals.root_count,
    totals.total_count,
    drawn.compared_count,
    drawn.total_compared_count
FROM totals
FULL JOIN drawn ON totals.job_type = drawn.job_type AND totals.source = drawn.source
WHERE
    totals.source IS NULL
    OR (totals.total_count <= 20000 AND totals.root_count != coalesce(drawn.compared_count, 0))
    OR (totals.total_count > 20000 AND drawn.total_compared_count NOT BETWEEN 19000 AND 21000)
