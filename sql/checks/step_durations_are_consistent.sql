-- Percentiles that are negative or fall, an interval with swapped ends, a number of steps that is not the sum of its
-- phases, or more root jobs than steps. Differences of one part in 10^9 count as rounding.
-- table: marts.step_durations
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH twins AS (
    SELECT COLUMNS(* EXCLUDE (cluster_id))
    FROM marts.step_durations_by_cluster
    UNION ALL
    SELECT COLUMNS(* EXCLUDE (root_job_type))
    FROM marts.step_durations_by_root_type
    UNION ALL
    SELECT COLUMNS(* EXCLUDE (root_shape_id))
    FROM marts.step_durations_by_shape
    UNION ALL
    FROM marts.step_durations
)

SELECT *
FROM twins
WHERE
    least(p50_seconds, mean_seconds, p50_low_seconds, km_p50_seconds) < 0
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
    OR step_count != success_count + failed_count + running_count + initializing_count
    OR measured_count > success_count
    OR root_count NOT BETWEEN 1 AND step_count
    OR measured_root_count > least(root_count, measured_count)
    OR (measured_root_count = 0) != (measured_count = 0)
