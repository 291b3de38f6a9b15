-- An id that is listed as finished, although its root is not loaded or has not ended. A tree that is too deep to be
-- read again is a dead letter instead.
-- table: raw.job_ids
-- to do: Run `cce-etl replay`, which loads everything again. If rows remain, loading has a defect: report it.
WITH too_deep AS (
    SELECT
        source,
        job_id
    FROM raw.dead_letters
    WHERE kind = 'too_deep' AND resolved_at IS NULL
)

SELECT
    job_ids.source,
    job_ids.job_id,
    jobs.phase
FROM raw.job_ids AS job_ids
LEFT JOIN core.jobs AS jobs
    ON job_ids.source = jobs.source AND job_ids.job_id = jobs.root_job_id AND jobs.depth = 0
LEFT JOIN too_deep ON job_ids.source = too_deep.source AND job_ids.job_id = too_deep.job_id
WHERE
    job_ids.state = 'finished'
    AND coalesce(jobs.canonical_phase NOT IN ('Success', 'Failed'), TRUE)
    AND too_deep.job_id IS NULL
