-- A step type whose figures are not those of its steps and of the roots with a critical path, or whose percentiles and
-- savings are others. Milliseconds are compared. `surplus` is 1 for what only marts.step_blame has, -1 for what only
-- the steps has.
-- table: marts.step_blame
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH roots AS (
    SELECT
        source,
        sum(duration_seconds) AS root_seconds,
        greatest(1, count(DISTINCT left(created_at::VARCHAR, 10))) AS day_count
    FROM marts.root_jobs
    WHERE critical_self_seconds IS NOT NULL
    GROUP BY source
),

steps AS (
    SELECT
        source,
        job_type,
        count(*) AS step_count,
        sum(critical_self_seconds) AS critical_self_seconds
    FROM marts.steps
    WHERE critical_self_seconds IS NOT NULL
    GROUP BY source, job_type
),

blames AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY source, job_type) AS row_count
    FROM marts.step_blame
)

SELECT
    coalesce(steps.source, blame.source) AS source,
    coalesce(steps.job_type, blame.job_type) AS job_type,
    blame.step_count,
    steps.step_count AS counted_step_count,
    blame.critical_self_seconds,
    steps.critical_self_seconds AS counted_critical_self_seconds,
    blame.root_seconds,
    roots.root_seconds AS counted_root_seconds,
    blame.day_count,
    roots.day_count AS counted_day_count,
    blame.slow_step_count,
    savings.slow_step_count AS counted_slow_step_count
FROM steps
FULL JOIN blames AS blame
    ON steps.source = blame.source AND coalesce(steps.job_type, chr(0)) = coalesce(blame.job_type, chr(0))
LEFT JOIN roots ON steps.source = roots.source
LEFT JOIN marts.step_durations AS durations
    ON steps.source = durations.source AND steps.job_type IS NOT DISTINCT FROM durations.job_type
LEFT JOIN intermediate.step_savings AS savings
    ON steps.source = savings.source AND steps.job_type IS NOT DISTINCT FROM savings.job_type
WHERE
    coalesce(blame.step_count != steps.step_count, TRUE)
    OR blame.row_count > 1
    OR abs(blame.critical_self_seconds - steps.critical_self_seconds) > 1e-3 + 1e-9 * steps.critical_self_seconds
    OR abs(blame.root_seconds - roots.root_seconds) > 1e-3 + 1e-9 * roots.root_seconds
    OR abs(blame.critical_path_share * blame.root_seconds - blame.critical_self_seconds) > 1e-9 * blame.root_seconds
    OR blame.day_count != roots.day_count
    OR blame.p50_seconds != durations.p50_seconds
    OR blame.p95_seconds != durations.p95_seconds
    OR blame.slow_step_count != coalesce(savings.slow_step_count, 0)
    OR abs(blame.minutes_saved_per_day * 60 * blame.day_count - blame.saved_seconds) > 1e-9 * blame.root_seconds
