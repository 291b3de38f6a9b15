-- A rate that is not the quotient of its counts, over the whole history or of a day.
-- table: intermediate.step_failure_rates
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    job_type,
    period,
    created_on,
    finished_count,
    failed_count,
    blamed_count,
    failure_rate,
    blamed_rate
FROM intermediate.step_failure_rates
WHERE
    failure_rate IS DISTINCT FROM CASE WHEN finished_count > 0 THEN failed_count / finished_count::DOUBLE END
    OR blamed_rate IS DISTINCT FROM CASE WHEN finished_count > 0 THEN blamed_count / finished_count::DOUBLE END
