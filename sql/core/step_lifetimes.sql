-- How long each step was seen to live: to its end, or, while it runs, to when it was last seen. What every duration
-- and every survival curve is made of.
-- view: a choice of columns, not worth a copy
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/'
--   job_type: what the step does, NULL when not sent
--   root_job_type: the root's type
--   cluster_id: the cluster the step says it works on
--   root_shape_id: shape of the root's whole tree
--   phase: Initializing, Running, Success or Failed; another text as sent; NULL when none was sent
--   created_at: when it started, UTC
--   is_ended: true in phase Success or Failed; the others were cut off when last seen, if they have seconds
--   seconds: started to ended, or to observed for a step neither finished nor Initializing, seconds; NULL when a clock
--     is missing or the clocks run backwards, and in phase Initializing
SELECT
    source,
    root_job_id,
    path,
    job_type,
    root_job_type,
    cluster_id,
    root_shape_id,
    phase,
    created_at,
    is_finished AS is_ended,
    CASE WHEN coalesce(duration_seconds, elapsed_seconds) >= 0 THEN coalesce(duration_seconds, elapsed_seconds) END
        AS seconds
FROM marts.steps
