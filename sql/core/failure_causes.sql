-- The one job that each root's failure is blamed on. Candidates are the Failed steps with no Failed step below them, at
-- any depth. Blamed is the one that was written last, then the deepest, then the one with the smallest path; one
-- without that time comes after all others. A root without Failed steps is blamed itself.
-- materialized: incremental
-- grain: source, root_job_id
-- columns:
--   source: one project in one region
--   root_job_id: a root job in phase Failed
--   path: path of the blamed job in core.steps, '' for the root itself; paths compare as text
--   job_id: the blamed job's id
--   job_type: what the blamed job does
--   reason: the API's explanation of its failure
--   ended_at: when it ended, UTC; NULL when that is not known
--   failed_leaf_count: Failed steps with no Failed step below them, the blamed one included; 0 when the root is blamed
WITH failed AS (
    SELECT
        jobs.source,
        jobs.root_job_id,
        jobs.path,
        jobs.depth,
        jobs.job_id,
        jobs.job_type,
        jobs.reason,
        jobs.ended_at,
        jobs.core_root_job_id,
        jobs.core_path,
        if(jobs.path = '', '', jobs.path || '/') AS path_prefix
    FROM core.placed_jobs AS jobs
    INNER JOIN core.placed_jobs AS roots
        ON jobs.source = roots.source AND jobs.root_job_id = roots.root_job_id AND roots.path = ''
    WHERE jobs.phase = 'Failed' AND roots.phase = 'Failed'
),

-- In byte order, all paths that start with a prefix follow directly on that prefix. When a Failed step is below a job,
-- the next row is below it too, so one pass over the sorted rows finds the leaves of trees of any depth.
leaves AS (
    SELECT
        *,
        lead(path_prefix) OVER (PARTITION BY source, root_job_id ORDER BY path_prefix) AS next_prefix
    FROM failed
    QUALIFY next_prefix IS NULL OR NOT starts_with(next_prefix, path_prefix)
)

SELECT
    leaves.source,
    leaves.root_job_id,
    leaves.path,
    leaves.job_id,
    leaves.job_type,
    leaves.reason,
    leaves.ended_at,
    count(*) FILTER (WHERE leaves.depth > 0) OVER (PARTITION BY leaves.source, leaves.root_job_id) AS failed_leaf_count
FROM leaves
INNER JOIN core.jobs AS sent
    ON
        leaves.source = sent.source
        AND leaves.core_root_job_id = sent.root_job_id
        AND leaves.core_path = sent.path
QUALIFY row_number() OVER (
    PARTITION BY leaves.source, leaves.root_job_id
    ORDER BY sent.updated_at ASC NULLS LAST, leaves.depth DESC, leaves.path ASC
) = 1
