-- What marts.step_survival says of each running step at its age: how many of its kind live longer, and its chance to
-- succeed soon, from the Aalen-Johansen curve: what succeeds from its age on, of those that live to it.
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/'
--   survival: share of its kind that runs longer than its age, 0..1
--   success_rate_10_minutes: chance to succeed in the next 10 minutes, 0..1; NULL when none of its kind was seen at a
--     greater age
--   success_rate_30_minutes: the same for 30 minutes
WITH moments AS (
    SELECT
        source,
        root_job_id,
        path,
        job_type,
        unnest([0, 600, 1800]) AS ahead_seconds,
        seconds + ahead_seconds AS at_seconds
    FROM core.step_lifetimes
    WHERE NOT is_ended AND seconds IS NOT NULL
),

-- Every moment has a reading: the step itself is in the curve, at its age.
readings AS (
    SELECT
        moments.source,
        moments.root_job_id,
        moments.path,
        moments.ahead_seconds,
        curves.survival,
        curves.success_incidence,
        curves.at_risk_count - curves.succeeded_count - curves.failed_count - curves.censored_count AS later_count
    FROM moments
    ASOF INNER JOIN marts.step_survival AS curves
        ON
            moments.source = curves.source
            AND moments.job_type IS NOT DISTINCT FROM curves.job_type
            AND moments.at_seconds >= curves.seconds
),

ages AS (
    SELECT
        source,
        root_job_id,
        path,
        max(survival) FILTER (WHERE ahead_seconds = 0) AS survival,
        max(later_count) FILTER (WHERE ahead_seconds = 0) AS later_count,
        max(success_incidence) FILTER (WHERE ahead_seconds = 0) AS succeeded_by_now,
        max(success_incidence) FILTER (WHERE ahead_seconds = 600) AS succeeded_in_10_minutes,
        max(success_incidence) FILTER (WHERE ahead_seconds = 1800) AS succeeded_in_30_minutes
    FROM readings
    GROUP BY source, root_job_id, path
)

-- The least keeps rounding from a chance above 1.
SELECT
    source,
    root_job_id,
    path,
    survival,
    CASE WHEN later_count > 0 THEN least(1, (succeeded_in_10_minutes - succeeded_by_now) / survival) END
        AS success_rate_10_minutes,
    CASE WHEN later_count > 0 THEN least(1, (succeeded_in_30_minutes - succeeded_by_now) / survival) END
        AS success_rate_30_minutes
FROM ages
