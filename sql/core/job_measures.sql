-- What each job that is counted measures: seconds from its clocks, its part of the critical path, its self time and its
-- shape. The critical path is walked backwards from the end of a finished root. Each moment belongs to the child that
-- ended last by then; of several, to the one that started last, then to the one with the smallest path. The walk
-- continues inside that child, cut off at that moment. What no child covers belongs to the job itself. A job that is
-- not finished, lacks a clock or ended before it started is skipped with all below it, and is a finding. A job whose
-- parent is not in the tree counts as a child of the root.
-- materialized: ephemeral
-- computed by: cce_etl.models.computed.job_measures
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/', '' for the root
--   root_job_type: the root's type
--   duration_seconds: seconds from start to end; negative when it ended before it started; NULL unless finished
--   elapsed_seconds: seconds from start to observation; NULL when finished or Initializing
--   wait_seconds: seconds from planning to start
--   offset_seconds: seconds from the root's start to its own start
--   is_ended_before_started: true when it ended before it started
--   is_clock_missing: true when it has no start, or is finished and has no end; false when Initializing
--   is_before_parent: true when it started before the job at its parent's path
--   critical_self_seconds: seconds of the root's critical path that belong to it alone; over the tree they sum to the
--     root's duration, to the nanosecond; NULL when the root is not finished, lacks a clock or ended before it started
--   critical_seconds: seconds of the root's critical path that belong to it or to a step below it; NULL as
--     critical_self_seconds
--   is_on_critical_path: true when critical_seconds is above 0 and at least 1 second or 1% of the root's duration; NULL
--     as critical_self_seconds
--   self_seconds: seconds of its duration that no step below it covers; NULL unless finished with clocks in order
--   shape_id: hash of the job types and the structure of the tree from it down; ids, clocks and the order of siblings
--     do not change it
--   root_shape_id: shape_id of the whole tree
-- Rows are sorted by tree and path, so that parents are found without a join. Trees are sorted by a number: sorting by
-- their ids takes a third longer.
WITH roots AS (
    SELECT
        source,
        root_job_id,
        job_type AS root_job_type,
        epoch_ns(created_at) AS root_started_ns,
        row_number() OVER (ORDER BY source, root_job_id) AS root_number
    FROM core.placed_jobs
    WHERE depth = 0
),

placed AS (
    SELECT
        jobs.*,
        roots.root_job_type,
        roots.root_started_ns,
        roots.root_number,
        epoch_ns(jobs.created_at) AS started_ns,
        epoch_ns(jobs.ended_at) AS ended_ns
    FROM core.placed_jobs AS jobs
    INNER JOIN roots
        ON jobs.source = roots.source AND jobs.root_job_id = roots.root_job_id
)

SELECT
    source,
    root_job_id,
    path,
    root_job_type,
    (ended_ns::HUGEINT - started_ns) / 1e9 AS duration_seconds,
    CASE
        WHEN NOT is_finished AND coalesce(phase, '') != 'Initializing'
            THEN (epoch_ns(observed_at)::HUGEINT - started_ns) / 1e9
    END AS elapsed_seconds,
    (started_ns::HUGEINT - epoch_ns(planned_at)) / 1e9 AS wait_seconds,
    (started_ns::HUGEINT - root_started_ns) / 1e9 AS offset_seconds,
    coalesce(ended_ns < started_ns, FALSE) AS is_ended_before_started,
    coalesce(phase, '') != 'Initializing'
    AND (started_ns IS NULL OR (is_finished AND ended_ns IS NULL)) AS is_clock_missing,
    job_type,
    started_ns,
    ended_ns,
    root_number,
    parent_path
FROM placed
ORDER BY root_number, path
