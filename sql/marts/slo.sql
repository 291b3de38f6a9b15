-- How many steps of each type end within a target, and how much of the error budget is left: the share of steps that
-- may miss it (B. Beyer and others, The Site Reliability Workbook, 2018, chapters 2 and 5). The window is the 28 days
-- up to the source's last observation; window_days in the table [slo] of cce-etl.toml changes it. Steps belong to the
-- window by their start. A step counts when it succeeded, within the target or not; when it failed, which is never
-- within; or when it has run for longer than the target, which is not within either. Younger running steps,
-- Initializing ones and steps without a duration do not count.
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   target_seconds: seconds that a step may take: from [slo.targets], else the 95th percentile of the successes that
--     started in the 28 days before the window; NULL when those are fewer than 20, and then no step counts
--   target_origin: 'settings' or 'p95 of the previous 28 days'; NULL without a target
--   objective: share of steps that should be within the target, from [slo], 0.95 unless set
--   window_start_at: when the window begins, UTC
--   step_count: steps of the window that count
--   within_count: of these, those that succeeded within the target
--   within_rate: within_count / step_count, 0..1; NULL when no step counts
--   error_budget_left: 1 - share of misses / (1 - objective): 1 when no step missed the target, 0 when as many missed
--     it as may, negative when more did; NULL when no step counts
--   burn_rate: share of misses / (1 - objective) in the window's last 24 hours: at 1 the budget lasts as long as the
--     window, at 2 half as long; NULL when no step of those hours counts
WITH judged AS (
    SELECT
        targets.*,
        epoch_ns(targets.window_end_at)::HUGEINT - epoch_ns(steps.created_at) < 86400000000000 AS is_recent,
        CASE
            WHEN targets.target_seconds IS NULL THEN NULL
            WHEN steps.created_at BETWEEN targets.window_start_at AND targets.window_end_at IS NOT TRUE THEN NULL
            WHEN steps.phase = 'Failed' OR steps.elapsed_seconds > targets.target_seconds THEN FALSE
            WHEN steps.duration_seconds >= 0 THEN steps.duration_seconds <= targets.target_seconds
        END AS is_within
    FROM core.steps AS steps
    INNER JOIN intermediate.slo_targets AS targets
        ON steps.source = targets.source AND steps.job_type IS NOT DISTINCT FROM targets.job_type
),

counts AS (
    SELECT
        source,
        job_type,
        target_seconds,
        target_origin,
        objective,
        window_start_at,
        count(is_within) AS step_count,
        count(*) FILTER (WHERE is_within) AS within_count,
        count(is_within) FILTER (WHERE is_recent) AS recent_count,
        count(*) FILTER (WHERE NOT is_within AND is_recent) AS recent_miss_count
    FROM judged
    GROUP BY ALL
)

SELECT
    source,
    job_type,
    target_seconds,
    target_origin,
    objective,
    window_start_at,
    step_count,
    within_count,
    within_count / nullif(step_count, 0)::DOUBLE AS within_rate,
    1 - (step_count - within_count) / nullif(step_count, 0)::DOUBLE / (1 - objective) AS error_budget_left,
    recent_miss_count / nullif(recent_count, 0)::DOUBLE / (1 - objective) AS burn_rate
FROM counts
