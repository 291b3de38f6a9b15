-- What the API's answers contradict or lack, one row per finding. Nothing is corrected because of a finding.
-- grain: source, root_job_id, path, finding, detail
-- columns:
--   source: one project in one region
--   root_job_id: the root job the finding is in
--   path: path in its tree, '' for the root itself
--   job_id: the job it is about
--   job_type: that job's type
--   finding: kind of the finding: child_before_parent, cluster_mismatch, duplicate_job_id, ended_before_started,
--     missing_timestamp, missing_uid, running_in_finished_root, running_parent_of_finished_children, unknown_phase or
--     unparsable_timestamp
--   detail: what was seen, as text; durations in seconds
SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    finding,
    detail
FROM intermediate.clock_findings
UNION ALL
SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    finding,
    detail
FROM intermediate.hierarchy_findings
UNION ALL
SELECT
    source,
    root_job_id,
    path,
    job_id,
    job_type,
    finding,
    detail
FROM intermediate.identity_findings
