-- A phase other than Initializing, Running, Success and Failed. A job in such a phase counts as not ended.
-- table: core.jobs
-- to do: Report the phase, so that this program can treat it. Such jobs are fetched again until they are in a known
--   final phase.
-- severity: warning
SELECT
    source,
    phase,
    count(*) AS job_count,
    min(created_at) AS first_created_at
FROM core.jobs
WHERE phase IS NOT NULL AND canonical_phase IS NULL
GROUP BY source, phase
