-- The target of each step type and the window in which marts.slo measures it. The settings come from the table [slo] of
-- cce-etl.toml as variables of the connection (slo_targets, slo_objective, slo_window_days). Without them the defaults
-- are used.
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   target_seconds: seconds that a step may take: the setting, else the 95th percentile of the measured successes that
--     started in the 28 days before the window. Below 20 of them it is NULL, since the percentile would be their
--     longest
--   target_origin: 'settings' or 'p95 of the previous 28 days'; NULL without a target
--   objective: share of steps that should be within the target
--   window_start_at: when the window begins, UTC
--   window_end_at: when the window ends, UTC: the source's last observation
WITH clocks AS (
    SELECT
        jobs.source,
        max(jobs.observed_at) AS window_end_at,
        greatest(epoch_ns(window_end_at), 0)
        - coalesce(getvariable('slo_window_days')::BIGINT, 28) * 86400000000000 AS start_ns,
        start_ns - 28 * 86400000000000 AS previous_ns
    FROM (
        SELECT
            source,
            observed_at
        FROM core.steps
        UNION ALL
        SELECT
            source,
            observed_at
        FROM core.root_jobs
    ) AS jobs
    GROUP BY jobs.source
),

previous AS (
    SELECT
        steps.source,
        steps.job_type,
        clocks.window_end_at,
        make_timestamp_ns(clocks.start_ns) AS window_start_at,
        CASE
            WHEN
                steps.phase = 'Success'
                AND steps.duration_seconds >= 0
                AND epoch_ns(steps.created_at) >= clocks.previous_ns
                AND epoch_ns(steps.created_at) < clocks.start_ns
                THEN steps.duration_seconds
        END AS success_seconds
    FROM core.steps AS steps
    INNER JOIN clocks ON steps.source = clocks.source
),

percentiles AS (
    SELECT
        source,
        job_type,
        any_value(window_start_at) AS window_start_at,
        any_value(window_end_at) AS window_end_at,
        getvariable('slo_targets')[job_type]::DOUBLE AS set_seconds,
        CASE WHEN count(success_seconds) >= 20 THEN quantile_cont(success_seconds, 0.95) END AS p95_seconds
    FROM previous
    GROUP BY source, job_type
)

SELECT
    source,
    job_type,
    coalesce(set_seconds, p95_seconds) AS target_seconds,
    CASE
        WHEN set_seconds IS NOT NULL THEN 'settings'
        WHEN p95_seconds IS NOT NULL THEN 'p95 of the previous 28 days'
    END AS target_origin,
    coalesce(getvariable('slo_objective')::DOUBLE, 0.95) AS objective,
    window_start_at,
    window_end_at
FROM percentiles
