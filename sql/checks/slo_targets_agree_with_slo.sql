-- A step type of marts.step_durations without a target here, with another target in marts.slo, with a negative one, or
-- with a window that is not a whole number of days up to the source's last observation. Each side has its row.
-- table: intermediate.slo_targets
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH ends AS (
    SELECT
        source,
        max(observed_at) AS window_end_at
    FROM intermediate.all_jobs
    GROUP BY source
),

targets AS (
    SELECT
        'targets' AS side,
        targets.source,
        targets.job_type,
        targets.target_seconds,
        targets.window_start_at,
        targets.target_seconds < 0
        OR coalesce(
            targets.window_end_at != ends.window_end_at, (targets.window_end_at IS NULL) != (ends.window_end_at IS NULL)
        )
        OR (
            epoch_ns(ends.window_end_at) > 0
            AND (epoch_ns(ends.window_end_at) - epoch_ns(targets.window_start_at)) % 86400000000000 != 0
        ) AS is_odd
    FROM intermediate.slo_targets AS targets
    LEFT JOIN ends ON targets.source = ends.source
    UNION ALL
    SELECT
        'slo' AS side,
        source,
        job_type,
        target_seconds,
        window_start_at,
        FALSE AS is_odd
    FROM marts.slo
    UNION ALL
    SELECT
        'durations' AS side,
        durations.source,
        durations.job_type,
        targets.target_seconds,
        targets.window_start_at,
        FALSE AS is_odd
    FROM marts.step_durations AS durations
    LEFT JOIN intermediate.slo_targets AS targets
        ON durations.source = targets.source AND durations.job_type IS NOT DISTINCT FROM targets.job_type
)

SELECT
    source,
    job_type,
    target_seconds,
    window_start_at,
    string_agg(side, ', ') AS sides
FROM targets
GROUP BY source, job_type, target_seconds, window_start_at
HAVING count(*) != 3 OR coalesce(bool_or(is_odd), FALSE)
