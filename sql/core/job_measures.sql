-- How each job that counts stands in time and in its tree: clocks, critical path, self time, shape.
-- The critical path is walked backwards from the end of a finished root: each moment is owed to the child that ended
-- last by then (cut off there), of several to the one that started last, then to the smallest path as text, and so on
-- inside that child; the rest is the job's own. A job not finished, without a clock or ended before it started is
-- skipped with all below it, and a finding. A job whose parent's place is empty counts as the root's child.
-- materialized: ephemeral
-- computed by: cce_etl.models.computed.job_measures
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/', '' for the root
--   root_job_type: the root's type
--   duration_seconds: started to ended, seconds; negative when the clocks say so; NULL unless finished
--   elapsed_seconds: started to observed, seconds; only when neither finished nor Initializing
--   wait_seconds: planned to started, seconds
--   offset_seconds: the root's start to its own, seconds
--   is_ended_before_started: true when it ended before it started
--   is_clock_missing: true when it lacks its start, or its end though finished; never when Initializing
--   is_before_parent: true when it started before the job at its parent's path
--   critical_self_seconds: what of the root's duration is owed to it alone, seconds; the sum over the tree is the
--     root's duration, to the nanosecond; NULL when the root is not finished, lacks a clock or ended before it started
--   critical_seconds: the same with all that is below it
--   is_on_critical_path: true when that is above 0 and at least 1 second or 1% of the root's duration; NULL alike
--   self_seconds: its own time that no step below it covers, seconds; NULL unless finished with sane clocks
--   shape_id: fingerprint of types and structure from it down; ids, clocks and the order of siblings left aside
--   root_shape_id: the same of the whole tree
-- Rows come tree by tree in the order of their paths, in which parents are found without a join, and trees stand in the
-- order of numbers: sorted by the ids themselves this takes a third longer.
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
