-- A source whose step types together hold more of the roots' time than there is. Differences of one part in 10^9 count
-- as rounding.
-- table: marts.step_blame
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    sum(critical_path_share) AS critical_path_share
FROM marts.step_blame
GROUP BY source
HAVING sum(critical_path_share) > 1 + 1e-9
