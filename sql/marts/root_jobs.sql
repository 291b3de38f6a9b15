-- One row for each root job that is not a step of another root's tree.
-- materialized: view
-- grain: source, job_id
-- columns: as in core.root_jobs
SELECT COLUMNS(*)
FROM core.root_jobs
