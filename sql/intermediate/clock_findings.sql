-- Findings about clocks that are missing, cannot be read, run backwards or did not stop, one row each. They are part of
-- marts.data_quality_findings.
-- materialized: incremental
-- grain: source, root_job_id, path, finding, detail
-- columns:
--   source: one project in one region
--   root_job_id: the root job the finding is in
--   path: path in its tree, '' for the root itself
--   job_id: the job it is about
--   job_type: that job's type
--   finding: ended_before_started, running_in_finished_root, unparsable_timestamp or missing_timestamp
--   detail: seconds between start and end, the root's phase, or the column and its text
WITH unread AS (
    SELECT
        placed.*,
        unnest([
            { 'name': 'created_at', 'is_read': jobs.created_at IS NOT NULL, 'text': coalesce(jobs.created_text, '') },
            { 'name': 'updated_at', 'is_read': jobs.updated_at IS NOT NULL, 'text': coalesce(jobs.updated_text, '') }
        ]) AS clock
    FROM core.jobs AS jobs
    INNER JOIN core.placed_jobs AS placed
        ON jobs.source = placed.source AND jobs.root_job_id = placed.core_root_job_id AND jobs.path = placed.core_path
    WHERE jobs.created_at IS NULL OR jobs.updated_at IS NULL
),

-- Go prints a time that was never set as the first day of year 1.
judged AS (
    SELECT
        *,
        trim(clock.text) = '' OR starts_with(ltrim(clock.text), '0001-01-01') AS is_missing
    FROM unread
    WHERE NOT clock.is_read
)

SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    'ended_before_started' AS finding,
    (epoch_ns(ended_at)::HUGEINT - epoch_ns(created_at)) / 1e9 || ' seconds' AS detail
FROM core.placed_jobs
WHERE ended_at < created_at
UNION ALL
SELECT
    jobs.source,
    jobs.root_job_id,
    jobs.path,
    jobs.job_id,
    jobs.job_type,
    'running_in_finished_root' AS finding,
    'the root is ' || roots.phase AS detail
FROM core.placed_jobs AS jobs
INNER JOIN core.placed_jobs AS roots
    ON jobs.source = roots.source AND jobs.root_job_id = roots.root_job_id AND roots.path = ''
WHERE jobs.phase = 'Running' AND roots.is_finished
UNION ALL
SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    'unparsable_timestamp' AS finding,
    clock.name || ': ' || clock.text AS detail
FROM judged
WHERE NOT is_missing
UNION ALL
SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    'missing_timestamp' AS finding,
    clock.name AS detail
FROM judged
WHERE is_missing AND phase IS DISTINCT FROM 'Initializing'
