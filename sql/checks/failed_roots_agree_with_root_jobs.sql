-- A failed root job that is missing here, has another cause than in marts.root_jobs, seconds that its clocks do not
-- give, or another phase of the next job than that job has. `surplus` is 1 for what only marts.failed_roots has, -1 for
-- what only marts.root_jobs has.
-- table: marts.failed_roots
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        failed.source,
        failed.root_job_id,
        failed.path,
        failed.job_type,
        CASE
            WHEN failed.lost_seconds > 0
                THEN
                    coalesce(
                        failed.lost_seconds = (epoch_ns(failed.failed_at)::HUGEINT - epoch_ns(roots.created_at)) / 1e9,
                        FALSE
                    )
            WHEN failed.lost_seconds = 0 THEN coalesce(failed.failed_at <= roots.created_at, FALSE)
            ELSE failed.lost_seconds IS NULL
        END AS is_lost_time_sound,
        coalesce(next_jobs.phase, '') = coalesce(failed.next_phase, '') AS is_next_phase_sound,
        1 AS side
    FROM marts.failed_roots AS failed
    LEFT JOIN marts.root_jobs AS roots
        ON failed.source = roots.source AND failed.root_job_id = roots.job_id
    LEFT JOIN marts.root_jobs AS next_jobs
        ON failed.source = next_jobs.source AND failed.next_root_job_id = next_jobs.job_id
    UNION ALL
    SELECT
        source,
        job_id AS root_job_id,
        blamed_path AS path,
        blamed_job_type AS job_type,
        TRUE AS is_lost_time_sound,
        TRUE AS is_next_phase_sound,
        -1 AS side
    FROM marts.root_jobs
    WHERE phase = 'Failed'
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
