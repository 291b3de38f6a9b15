-- A phase that is none of Initializing, Running, Success and Failed: such jobs count as not ended.
-- table: core.jobs
-- severity: warning
SELECT
    source,
    phase,
    count(*) AS job_count,
    min(created_at) AS first_created_at
FROM core.jobs
WHERE phase IS NOT NULL AND canonical_phase IS NULL
GROUP BY source, phase
