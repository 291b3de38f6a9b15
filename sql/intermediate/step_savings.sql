-- What root jobs would gain if the slow steps of one type were as fast as its median: each tree put on a new schedule.
-- A step waits for the sibling that ended last by its start and one second (of siblings that short, by the order of
-- their ends), else for its parent's start, and keeps its lag behind it; a parent keeps its tail behind its last child;
-- a slow step takes its type's p50, whatever is below it. Only roots with a critical path count; slow is above p95.
-- Types without a slow step have no row.
-- computed by: cce_etl.models.computed.step_savings
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the slow steps do, NULL when not sent
--   slow_step_count: steps of the type that took longer than its p95
--   saved_seconds: old less new end of the roots, summed, seconds
WITH slow AS (
    SELECT
        steps.source,
        steps.root_job_id,
        steps.path,
        steps.job_type,
        round((steps.duration_seconds - durations.p50_seconds) * 1e9)::BIGINT AS cut_ns,
        dense_rank() OVER (ORDER BY steps.source, steps.job_type) - 1 AS kind_number
    FROM core.steps AS steps
    INNER JOIN intermediate.step_durations_by_dimension AS durations
        ON
            steps.source = durations.source
            AND steps.job_type IS NOT DISTINCT FROM durations.job_type
            AND durations.dimension = 'all'
    WHERE
        steps.duration_seconds > durations.p95_seconds
        AND steps.critical_seconds IS NOT NULL
        AND steps.self_seconds IS NOT NULL
),

roots AS (
    SELECT
        source,
        root_job_id,
        row_number() OVER (ORDER BY source, root_job_id) - 1 AS root_number
    FROM slow
    GROUP BY source, root_job_id
)

-- Rows come tree by tree in the order of their paths, in which parents are found without a join.
SELECT
    jobs.source,
    slow.job_type,
    slow.kind_number,
    slow.cut_ns,
    roots.root_number,
    jobs.path,
    jobs.parent_path,
    epoch_ns(jobs.created_at) AS started_ns,
    epoch_ns(jobs.ended_at) AS ended_ns
FROM intermediate.all_jobs AS jobs
INNER JOIN roots
    ON jobs.source = roots.source AND jobs.root_job_id = roots.root_job_id
LEFT JOIN slow
    ON jobs.source = slow.source AND jobs.root_job_id = slow.root_job_id AND jobs.path = slow.path
ORDER BY roots.root_number, jobs.path
