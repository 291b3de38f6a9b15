-- A running root job that differs from marts.root_jobs, from its running steps, or from the finished root jobs of its
-- type. `surplus` is 1 for what only marts.running_jobs has, -1 for what only marts.root_jobs has.
-- table: marts.running_jobs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH job_types AS (
    SELECT
        source,
        job_type,
        count(*) AS finished_count,
        max(duration_seconds) AS max_seconds
    FROM marts.root_jobs
    WHERE duration_seconds >= 0
    GROUP BY source, job_type
),

steps AS (
    SELECT
        source,
        root_job_id,
        count(*) AS step_count
    FROM marts.running_steps
    GROUP BY source, root_job_id
),

both_sides AS (
    SELECT
        source,
        job_id,
        phase,
        created_at,
        observed_at,
        age_seconds,
        running_step_count,
        kind_finished_count,
        kind_max_seconds,
        is_stuck = coalesce(age_seconds > kind_p99_seconds, FALSE)
        AND coalesce(kind_p99_seconds BETWEEN 0 AND kind_max_seconds * (1 + 1e-9), kind_finished_count = 0) AS is_sound,
        1 AS side
    FROM marts.running_jobs
    UNION ALL
    SELECT
        roots.source,
        roots.job_id,
        roots.phase,
        roots.created_at,
        roots.observed_at,
        roots.elapsed_seconds AS age_seconds,
        coalesce(steps.step_count, 0) AS running_step_count,
        coalesce(job_types.finished_count, 0) AS kind_finished_count,
        job_types.max_seconds AS kind_max_seconds,
        TRUE AS is_sound,
        -1 AS side
    FROM marts.root_jobs AS roots
    LEFT JOIN job_types
        ON roots.source = job_types.source AND roots.job_type IS NOT DISTINCT FROM job_types.job_type
    LEFT JOIN steps
        ON roots.source = steps.source AND roots.job_id = steps.root_job_id
    WHERE NOT roots.is_finished AND coalesce(roots.phase, '') != 'Initializing'
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
