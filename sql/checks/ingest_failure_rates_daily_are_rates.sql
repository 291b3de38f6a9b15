-- A rate outside 0..1 or outside its own interval, or a rate on a day on which nothing was asked for.
-- table: marts.ingest_failure_rates_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    command,
    started_on,
    asked_count,
    failed_count,
    failure_rate,
    failure_rate_low,
    failure_rate_high,
    throttled_rate
FROM marts.ingest_failure_rates_daily
WHERE
    NOT 0 <= failure_rate_low
    OR NOT failure_rate_low <= failure_rate
    OR NOT failure_rate <= failure_rate_high
    OR NOT failure_rate_high <= 1
    OR NOT throttled_rate BETWEEN 0 AND 1
    OR (asked_count = 0) != (failure_rate IS NULL)
    OR (failure_rate IS NULL) != (failure_rate_low IS NULL)
    OR (failure_rate IS NULL) != (failure_rate_high IS NULL)
