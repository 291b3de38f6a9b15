-- One row per sub-job. A root that is also a step of another root's tree is counted once, as that step; those of its
-- own sub-jobs that the other tree lacks stand below it. The same id in two trees of which neither holds the other is
-- kept twice, and clocks are as sent: all are findings, not corrected.
-- materialized: incremental
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/'
--   parent_path: path of the parent, '' for the root
--   depth: levels below the root, 1 for its direct sub-jobs
--   ordinal: position among the sub-jobs of its parent, from 0
--   job_id: the step's id
--   parent_job_id: the parent's id
--   job_type: what the step does
--   cluster_id: the cluster it says it works on
--   resource_id: the resource it works on
--   resource_name: that resource's name
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   is_finished: true in phase Success or Failed
--   reason: the API's words on the phase
--   planned_at: when it was planned, from its id, UTC
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   is_leaf: true when no step is below it
--   extend_param: parameters as sent
--   observed_at: when the tree it was read from was last fetched, UTC
--   core_root_job_id: root_job_id of its row in core.jobs
--   core_path: path of its row in core.jobs
--   root_job_type: the root's type
--   duration_seconds: started to ended, seconds; negative when the clocks say so; NULL unless finished
--   elapsed_seconds: started to observed, seconds; only when neither finished nor Initializing
--   wait_seconds: planned to started, seconds
--   offset_seconds: the root's start to the step's start, seconds
--   is_before_parent: true when it started before its parent
--   is_ended_before_started: true when it ended before it started
--   is_clock_missing: true when it lacks its start, or its end though finished; never when Initializing
--   critical_self_seconds: seconds of the root's critical path owed to it alone, as core.job_measures walks it; sums to
--     the root's duration; NULL when the root is not finished, lacks a clock or ended before it started
--   critical_seconds: the same with all that is below it
--   is_on_critical_path: true when that is above 0 and at least 1 second or 1% of the root's duration; NULL alike
--   self_seconds: its own time that no step below it covers, seconds; NULL unless finished with sane clocks
--   shape_id: fingerprint of types and structure from it down, to compare like with like
--   root_shape_id: the same of the root's whole tree
--   is_blamed: true when the root failed and its failure is put down to this step
SELECT
    COLUMNS(jobs.*),
    measures.root_job_type,
    measures.duration_seconds,
    measures.elapsed_seconds,
    measures.wait_seconds,
    measures.offset_seconds,
    measures.is_before_parent,
    measures.is_ended_before_started,
    measures.is_clock_missing,
    measures.critical_self_seconds,
    measures.critical_seconds,
    measures.is_on_critical_path,
    measures.self_seconds,
    measures.shape_id,
    measures.root_shape_id,
    causes.source IS NOT NULL AS is_blamed
FROM core.placed_jobs AS jobs
INNER JOIN core.job_measures AS measures
    ON jobs.source = measures.source AND jobs.root_job_id = measures.root_job_id AND jobs.path = measures.path
LEFT JOIN core.failure_causes AS causes
    ON jobs.source = causes.source AND jobs.root_job_id = causes.root_job_id AND jobs.path = causes.path
-- Left without its second half, the join would build its hash table from the wide side and take twice as long.
WHERE jobs.depth > 0 AND measures.path != ''
