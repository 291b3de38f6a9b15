-- One row for each sub-job. A root that is also a step of another root's tree is counted once, as that step. Those of
-- its sub-jobs that the other tree lacks are placed below it. An id that is in two trees, of which neither contains the
-- other, has a row in both. Clocks are as sent. Contradictions are listed in marts.data_quality_findings and corrected
-- nowhere.
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
--   reason: the API's explanation of the phase
--   planned_at: when it was planned, from its id, UTC
--   created_at: when it started, UTC
--   ended_at: when it ended, UTC; NULL unless finished
--   is_leaf: true when no step is below it
--   extend_param: parameters as sent
--   observed_at: when the tree it was read from was last fetched, UTC
--   core_root_job_id: root_job_id of its row in core.jobs
--   core_path: path of its row in core.jobs
--   root_job_type: the root's type
--   duration_seconds: seconds from start to end; negative when it ended before it started; NULL unless finished
--   elapsed_seconds: seconds from start to observation; NULL when finished or Initializing
--   wait_seconds: seconds from planning to start
--   offset_seconds: seconds from the root's start to its own start
--   is_before_parent: true when it started before its parent
--   is_ended_before_started: true when it ended before it started
--   is_clock_missing: true when it has no start, or is finished and has no end; false when Initializing
--   critical_self_seconds: seconds of the root's critical path that belong to it alone; with those of the root and its
--     other steps they sum to the root's duration; NULL when the root is not finished, lacks a clock or ended before it
--     started
--   critical_seconds: seconds of the root's critical path that belong to it or to a step below it; NULL as
--     critical_self_seconds
--   is_on_critical_path: true when critical_seconds is above 0 and at least 1 second or 1% of the root's duration; NULL
--     as critical_self_seconds
--   self_seconds: seconds of its duration that no step below it covers; NULL unless finished with clocks in order
--   shape_id: hash of the job types and the structure of the tree from it down: steps of one shape can be compared
--   root_shape_id: shape_id of the root's whole tree
--   is_blamed: true when the root failed and its failure is blamed on this step
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
-- Without the second condition the join builds its hash table from the side with wide rows, and takes twice as long.
WHERE jobs.depth > 0 AND measures.path != ''
