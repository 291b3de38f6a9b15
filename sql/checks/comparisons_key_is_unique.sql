-- A comparison that has more than one row.
-- table: intermediate.comparisons
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    job_type,
    measure,
    comparison,
    rank,
    count(*) AS row_count
FROM intermediate.comparisons
GROUP BY job_type, measure, comparison, rank
HAVING count(*) > 1
