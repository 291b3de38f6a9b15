-- Findings about parents and children that contradict each other, one row each. They are part of
-- marts.data_quality_findings.
-- materialized: incremental
-- grain: source, root_job_id, path, finding
-- columns:
--   source: one project in one region
--   root_job_id: the root job the finding is in
--   path: path in its tree, '' for the root itself
--   job_id: the job it is about
--   job_type: that job's type
--   finding: child_before_parent, cluster_mismatch or running_parent_of_finished_children
--   detail: what was seen, as text; durations in seconds
WITH families AS (
    SELECT
        child.*,
        parent.job_type AS parent_job_type,
        parent.cluster_id AS parent_cluster_id,
        parent.is_finished AS is_parent_finished,
        (epoch_ns(parent.created_at)::HUGEINT - epoch_ns(child.created_at)) / 1e9 AS lead_seconds
    FROM core.placed_jobs AS child
    INNER JOIN core.placed_jobs AS parent
        ON
            child.source = parent.source
            AND child.root_job_id = parent.root_job_id
            AND child.parent_path = parent.path
            AND child.parent_job_id = parent.job_id
    WHERE NOT parent.is_leaf
)

SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    'child_before_parent' AS finding,
    lead_seconds || ' seconds before its parent ' || parent_job_id AS detail
FROM families
WHERE lead_seconds > 0
UNION ALL
SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    'cluster_mismatch' AS finding,
    cluster_id || ', its parent ' || parent_cluster_id AS detail
FROM families
WHERE cluster_id != '' AND parent_cluster_id != '' AND cluster_id != parent_cluster_id
UNION ALL
SELECT
    source,
    root_job_id,
    parent_path AS path,
    parent_job_id AS job_id,
    parent_job_type AS job_type,
    'running_parent_of_finished_children' AS finding,
    'all ' || count(*) || ' direct sub-jobs finished' AS detail
FROM families
WHERE NOT is_parent_finished
GROUP BY source, root_job_id, parent_path, parent_job_id, parent_job_type
HAVING bool_and(is_finished)
