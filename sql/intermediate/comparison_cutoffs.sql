-- From when on the steps of a type can no longer be compared with earlier ones: of those that started shortly before
-- the last observation only the quick ones have ended, so that the type would seem to have become faster, and its
-- failures, which come early, more frequent. A step that runs for longer than 99% of its kind ever did is stuck, and
-- holds nothing up.
-- grain: source, job_type
-- columns:
--   source: one project in one region
--   job_type: what the steps do
--   open_from_at: start of the first step that is still on its way, UTC; types without one are not listed
WITH kinds AS (
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
INNER JOIN kinds
    ON steps.source = kinds.source AND steps.job_type = kinds.job_type
INNER JOIN ends
    ON steps.source = ends.source
WHERE
    steps.elapsed_seconds >= 0
    AND (epoch_ns(ends.observed_at)::HUGEINT - epoch_ns(steps.created_at)) / 1e9 <= kinds.p99_seconds
GROUP BY steps.source, steps.job_type
