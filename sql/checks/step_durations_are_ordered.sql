-- Percentiles that are negative or fall, swapped ends of an interval, or a Kaplan-Meier curve of more steps than there
-- are; one part in 10^9 is left to rounding.
-- table: marts.step_durations
SELECT
    source,
    job_type,
    p50_seconds,
    p90_seconds,
    p95_seconds,
    p99_seconds,
    mean_seconds,
    max_seconds,
    p50_low_seconds,
    p50_high_seconds,
    km_p50_seconds,
    km_p90_seconds,
    km_p95_seconds
FROM marts.step_durations
WHERE
    p50_seconds < 0
    OR p50_seconds > p90_seconds * (1 + 1e-9)
    OR p90_seconds > p95_seconds * (1 + 1e-9)
    OR p95_seconds > p99_seconds * (1 + 1e-9)
    OR p99_seconds > max_seconds * (1 + 1e-9)
    OR mean_seconds > max_seconds * (1 + 1e-9)
    OR p50_low_seconds > p50_high_seconds
    OR p50_high_seconds > max_seconds * (1 + 1e-9)
    OR km_p50_seconds > km_p90_seconds
    OR km_p90_seconds > km_p95_seconds
    OR km_event_count + km_censored_count > step_count - initializing_count
