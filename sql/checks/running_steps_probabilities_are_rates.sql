-- A percentile outside 0 to 100, a probability outside 0 to 1, or one that is smaller for 30 minutes than for 10.
-- table: marts.running_steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    root_job_id,
    path,
    age_percentile,
    success_rate_10_minutes,
    success_rate_30_minutes
FROM marts.running_steps
WHERE
    age_percentile NOT BETWEEN 0 AND 100
    OR success_rate_10_minutes NOT BETWEEN 0 AND 1
    OR success_rate_30_minutes NOT BETWEEN 0 AND 1
    OR success_rate_10_minutes > success_rate_30_minutes
