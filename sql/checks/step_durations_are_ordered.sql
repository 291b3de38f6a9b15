-- Percentiles that are negative or fall; one part in 10^9 is left to rounding.
-- table: marts.step_durations
SELECT
    source,
    job_type,
    p50_seconds,
    p90_seconds,
    p95_seconds,
    p99_seconds,
    mean_seconds,
    max_seconds
FROM marts.step_durations
WHERE
    p50_seconds < 0
    OR p50_seconds > p90_seconds * (1 + 1e-9)
    OR p90_seconds > p95_seconds * (1 + 1e-9)
    OR p95_seconds > p99_seconds * (1 + 1e-9)
    OR p99_seconds > max_seconds * (1 + 1e-9)
    OR mean_seconds > max_seconds * (1 + 1e-9)
