-- The time that root jobs would save if the slow steps of one type took as long as its median step. A step is slow
-- above its type's p95. Each tree is put on a new schedule: a slow step takes its type's p50, whatever is below it. A
-- step waits for the sibling that ended last by its start and one second; of siblings that short, the order of their
-- ends decides. Without such a sibling it waits for its parent's start. It keeps its lag behind what it waits for, and
-- a parent keeps the time from its last child's end to its own. Only roots with a critical path count. Types without a
-- slow step have no row.
-- computed by: cce_etl.models.computed.step_savings
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the slow steps do, NULL when not sent
--   slow_step_count: steps of the type that took longer than its p95
--   saved_seconds: seconds by which the roots would end earlier, summed
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

-- Rows are sorted by tree and path, so that parents are found without a join.
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
