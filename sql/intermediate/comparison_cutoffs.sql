-- From when on the steps of a type can no longer be compared with earlier ones. Of the steps that started shortly
-- before the last observation only the quick ones have ended: the type would seem to have become faster, and its
-- failures, which come early, more frequent. A step that has run for longer than 99% of the finished steps of its type
-- took is stuck, and does not count here.
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the steps do
--   open_from_at: start of the first step that still runs and is not stuck, UTC; types without one have no row
WITH step_types AS (
    SELECT
        source,
        job_type,
        quantile_cont(duration_seconds, 0.99) AS p99_seconds
    FROM core.steps
    WHERE is_finished AND duration_seconds >= 0
    GROUP BY source, job_type
),

ends AS (
    SELECT
        source,
        max(observed_at) AS observed_at
    FROM core.steps
    GROUP BY source
)

SELECT
    steps.source,
    steps.job_type,
    min(steps.created_at) AS open_from_at
FROM core.steps AS steps
INNER JOIN step_types
    ON steps.source = step_types.source AND steps.job_type = step_types.job_type
INNER JOIN ends
    ON steps.source = ends.source
WHERE
    steps.elapsed_seconds >= 0
    AND (epoch_ns(ends.observed_at)::HUGEINT - epoch_ns(steps.created_at)) / 1e9 <= step_types.p99_seconds
GROUP BY steps.source, steps.job_type
