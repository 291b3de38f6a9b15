-- One row per sub-job. A root that is also a step of another root's tree is counted once, as that step; those of its
-- own sub-jobs that the other tree lacks stand below it. The same id in two trees of which neither holds the other is
-- kept twice, and clocks are as sent: all are findings, not corrected.
-- materialized: view
-- grain: source, root_job_id, path
-- columns: as in core.steps
SELECT COLUMNS(*)
FROM core.steps
