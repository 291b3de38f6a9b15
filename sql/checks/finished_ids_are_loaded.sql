-- An id listed as finished whose root is not loaded or not in a final phase.
-- table: raw.job_ids
SELECT
    job_ids.source,
    job_ids.job_id,
    jobs.phase
FROM raw.job_ids AS job_ids
LEFT JOIN core.jobs AS jobs
    ON job_ids.source = jobs.source AND job_ids.job_id = jobs.root_job_id AND jobs.depth = 0
WHERE job_ids.state = 'finished' AND coalesce(jobs.canonical_phase NOT IN ('Success', 'Failed'), TRUE)
