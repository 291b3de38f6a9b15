-- Comparisons that stand more than once.
-- table: core.comparisons
SELECT
    job_type,
    measure,
    comparison,
    rank,
    count(*) AS row_count
FROM core.comparisons
GROUP BY job_type, measure, comparison, rank
HAVING count(*) > 1
