-- Comparisons that stand more than once.
-- table: intermediate.comparisons
SELECT
    job_type,
    measure,
    comparison,
    rank,
    count(*) AS row_count
FROM intermediate.comparisons
GROUP BY job_type, measure, comparison, rank
HAVING count(*) > 1
