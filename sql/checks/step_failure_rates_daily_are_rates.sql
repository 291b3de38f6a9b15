-- A rate outside 0..1 or outside its own interval, a rate without finished steps, or more blamed steps than failed
-- ones.
-- table: marts.step_failure_rates_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    job_type,
    created_on,
    finished_count,
    failed_count,
    blamed_count,
    failure_rate,
    failure_rate_low,
    failure_rate_high,
    blamed_rate,
    blamed_rate_low,
    blamed_rate_high
FROM marts.step_failure_rates_daily
WHERE
    NOT 0 <= failure_rate_low
    OR NOT failure_rate_low <= failure_rate
    OR NOT failure_rate <= failure_rate_high
    OR NOT failure_rate_high <= 1
    OR NOT 0 <= blamed_rate_low
    OR NOT blamed_rate_low <= blamed_rate
    OR NOT blamed_rate <= blamed_rate_high
    OR NOT blamed_rate_high <= 1
    OR NOT blamed_count <= failed_count
    OR (finished_count = 0) != (failure_rate IS NULL)
    OR (failure_rate IS NULL) != (failure_rate_low IS NULL)
    OR (failure_rate IS NULL) != (failure_rate_high IS NULL)
    OR (failure_rate IS NULL) != (blamed_rate IS NULL)
    OR (blamed_rate IS NULL) != (blamed_rate_low IS NULL)
    OR (blamed_rate IS NULL) != (blamed_rate_high IS NULL)
