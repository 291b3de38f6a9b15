-- An id that is listed as finished, although its root is not loaded or has not ended.
-- table: raw.job_ids
-- to do: Run `cce-etl replay`, which loads everything again. If rows remain, loading has a defect: report it.
SELECT
    job_ids.source,
    job_ids.job_id,
    jobs.phase
FROM raw.job_ids AS job_ids
LEFT JOIN core.jobs AS jobs
    ON job_ids.source = jobs.source AND job_ids.job_id = jobs.root_job_id AND jobs.depth = 0
WHERE job_ids.state = 'finished' AND coalesce(jobs.canonical_phase NOT IN ('Success', 'Failed'), TRUE)
