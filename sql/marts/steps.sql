-- One row for each sub-job. A root that is also a step of another root's tree is counted once, as that step. Those of
-- its sub-jobs that the other tree lacks are placed below it. An id that is in two trees, of which neither contains the
-- other, has a row in both. Clocks are as sent. Contradictions are listed in marts.data_quality_findings and corrected
-- nowhere.
-- materialized: view
-- grain: source, root_job_id, path
-- columns: as in core.steps
SELECT COLUMNS(*)
FROM core.steps
