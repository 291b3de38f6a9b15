-- Percentiles that are negative or fall, or more root jobs than steps. Differences of one part in 10^9 count as
-- rounding.
-- table: marts.step_durations_daily
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    source,
    job_type,
    created_on,
    p50_seconds,
    p90_seconds,
    p95_seconds,
    p99_seconds,
    mean_seconds,
    max_seconds
FROM marts.step_durations_daily
WHERE
    p50_seconds < 0
    OR p50_seconds > p90_seconds * (1 + 1e-9)
    OR p90_seconds > p95_seconds * (1 + 1e-9)
    OR p95_seconds > p99_seconds * (1 + 1e-9)
    OR p99_seconds > max_seconds * (1 + 1e-9)
    OR mean_seconds > max_seconds * (1 + 1e-9)
    OR mean_seconds < 0
    OR root_count NOT BETWEEN 1 AND step_count
