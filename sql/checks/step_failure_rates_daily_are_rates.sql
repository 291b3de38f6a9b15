-- A rate outside 0..1 or outside its own interval, or one without finished steps.
-- table: marts.step_failure_rates_daily
SELECT
    source,
    job_type,
    created_on,
    finished_count,
    failure_rate,
    failure_rate_low,
    failure_rate_high
FROM marts.step_failure_rates_daily
WHERE
    NOT 0 <= failure_rate_low
    OR NOT failure_rate_low <= failure_rate
    OR NOT failure_rate <= failure_rate_high
    OR NOT failure_rate_high <= 1
    OR (finished_count = 0) != (failure_rate IS NULL)
    OR (failure_rate IS NULL) != (failure_rate_low IS NULL)
    OR (failure_rate IS NULL) != (failure_rate_high IS NULL)
