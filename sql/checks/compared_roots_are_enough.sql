-- A step type of which not all root jobs are compared, although there are at most 20,000, or of more not about 20,000:
-- one in twenty more or fewer is seven standard deviations.
-- table: intermediate.compared_roots
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
