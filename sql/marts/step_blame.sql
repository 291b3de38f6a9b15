-- How much of the root jobs' time each step type accounts for, and how much time faster slow steps would save. Only
-- steps of roots with a critical path count: finished ones with clocks in order. The saving comes from re-scheduling
-- every tree for one step type at a time (intermediate.step_savings), so savings of two types do not add up.
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   root_count: roots with a critical path that have such a step
--   step_count: such steps in them, in any phase
--   day_count: UTC days on which a root of the source with a critical path started, at least 1
--   root_seconds: duration of all those roots together, seconds
--   critical_self_seconds: seconds of the roots' critical paths that belong to steps of this type alone
--   critical_path_share: critical_self_seconds / root_seconds, 0..1; the shares of all types and of the roots
--     themselves sum to 1
--   p50_seconds: median duration of the type's measured successes, as in marts.step_durations
--   p95_seconds: 95th percentile of the same; a longer step is slow
--   slow_step_count: slow steps in those roots, in phase Success or Failed
--   saved_seconds: seconds by which the roots would be shorter if every slow step took p50_seconds, summed
--   minutes_saved_per_day: saved_seconds in minutes / day_count
WITH roots AS (
    SELECT
        source,
        sum(duration_seconds::DECIMAL(28, 9)) AS root_seconds,
        -- Days with jobs, and not all days from the first to the last: one job with a wrong clock could add centuries.
        greatest(1, count(DISTINCT left(created_at::VARCHAR, 10))) AS day_count
    FROM core.root_jobs
    WHERE critical_self_seconds IS NOT NULL
    GROUP BY source
),

-- Decimals, because a sum of floats depends on the order of the rows, which a replay changes.
steps AS (
    SELECT
        source,
        job_type,
        count(DISTINCT root_job_id) AS root_count,
        count(*) AS step_count,
        sum(critical_self_seconds::DECIMAL(28, 9)) AS critical_self_seconds
    FROM core.steps
    WHERE critical_self_seconds IS NOT NULL
    GROUP BY source, job_type
)

SELECT
    steps.source,
    steps.job_type,
    steps.root_count,
    steps.step_count,
    roots.day_count,
    roots.root_seconds::DOUBLE AS root_seconds,
    steps.critical_self_seconds::DOUBLE AS critical_self_seconds,
    steps.critical_self_seconds::DOUBLE / nullif(roots.root_seconds::DOUBLE, 0) AS critical_path_share,
    durations.p50_seconds,
    durations.p95_seconds,
    coalesce(savings.slow_step_count, 0) AS slow_step_count,
    coalesce(savings.saved_seconds, 0) AS saved_seconds,
    coalesce(savings.saved_seconds, 0) / 60 / roots.day_count AS minutes_saved_per_day
FROM steps
INNER JOIN roots
    ON steps.source = roots.source
LEFT JOIN marts.step_durations AS durations
    ON steps.source = durations.source AND steps.job_type IS NOT DISTINCT FROM durations.job_type
LEFT JOIN intermediate.step_savings AS savings
    ON steps.source = savings.source AND steps.job_type IS NOT DISTINCT FROM savings.job_type
