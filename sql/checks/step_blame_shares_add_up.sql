-- Sources whose step types hold more of the roots' time than there is; one part in 10^9 is left to rounding.
-- table: marts.step_blame
SELECT
    source,
    sum(critical_path_share) AS critical_path_share
FROM marts.step_blame
GROUP BY source
HAVING sum(critical_path_share) > 1 + 1e-9
