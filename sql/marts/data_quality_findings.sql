-- What the API's answers contradict or lack, one row per finding; nothing is corrected for it elsewhere.
-- grain: source, root_job_id, path, finding, detail
-- columns:
--   source: one project in one region
--   root_job_id: the root job the finding is in
--   path: where in its tree, '' for the root itself
--   job_id: the job it is about
--   job_type: that job's type
--   finding: the kind, as intermediate.clock_findings, intermediate.hierarchy_findings and
--     intermediate.identity_findings name them
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
