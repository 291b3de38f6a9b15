-- A burn rate that is not the share of misses among the steps of the window's last 24 hours, divided by the share that
-- may miss. Differences of one part in 10^9 count as rounding.
-- table: marts.slo
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH judged AS (
    SELECT
        targets.source,
        targets.job_type,
        CASE
            WHEN steps.phase = 'Failed' OR steps.elapsed_seconds > targets.target_seconds THEN 1
            WHEN steps.duration_seconds >= 0 THEN (steps.duration_seconds > targets.target_seconds)::INTEGER
        END AS is_miss
    FROM intermediate.slo_targets AS targets
    INNER JOIN marts.steps AS steps
        ON targets.source = steps.source AND targets.job_type IS NOT DISTINCT FROM steps.job_type
    WHERE
        steps.created_at <= targets.window_end_at
        AND steps.created_at >= targets.window_start_at
        AND epoch_ns(steps.created_at)::HUGEINT > epoch_ns(targets.window_end_at)::HUGEINT - 86400000000000
        AND targets.target_seconds IS NOT NULL
),

misses AS (
    SELECT
        source,
        job_type,
        avg(is_miss) AS miss_rate
    FROM judged
    GROUP BY source, job_type
)

SELECT
    slo.source,
    slo.job_type,
    slo.burn_rate,
    misses.miss_rate
FROM marts.slo AS slo
LEFT JOIN misses
    ON slo.source = misses.source AND slo.job_type IS NOT DISTINCT FROM misses.job_type
WHERE
    (slo.burn_rate IS NULL) != (misses.miss_rate IS NULL)
    OR abs(slo.burn_rate * (1 - slo.objective) - misses.miss_rate) > 1e-9
