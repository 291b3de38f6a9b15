-- Every step that is neither finished nor Initializing, each compared with the steps of its type and source. Steps in
-- unknown phases and steps in roots that have ended are included.
-- grain: source, root_job_id, path
-- columns:
--   source: one project in one region
--   root_job_id: the root that is not nested
--   path: ordinals from the root joined by '/'
--   root_job_type: the root's type
--   job_id: the step's id
--   job_type: what the step does
--   cluster_id: the cluster it says it works on
--   resource_id: the resource it works on
--   resource_name: that resource's name
--   phase: as sent; NULL when none was sent
--   created_at: when it started, UTC
--   observed_at: when it was last fetched, UTC
--   age_seconds: seconds from start to observation, also in a root that has ended; NULL without a start, negative when
--     that is later than the observation
--   age_percentile: percentage of its type's steps that have ended by its age, 0..100, by the curve of
--     marts.step_survival; NULL when none has finished
--   success_rate_10_minutes: probability of success in the 10 minutes after it was observed, 0..1, from the
--     Aalen-Johansen curve given its age; a lower bound when the curve ends before those minutes do; NULL when none of
--     its type has finished, or none was seen at a greater age
--   success_rate_30_minutes: the same for 30 minutes
--   kind_p99_seconds: 99th percentile of the durations of its type's finished steps, failed ones included, seconds
--   kind_max_seconds: longest of those durations, seconds
--   kind_finished_count: finished steps of its type and source with clocks in order
--   kind_root_count: root jobs with such a step
--   is_stuck: true when its age is above kind_p99_seconds; false when none of its type has finished; with a small
--     kind_finished_count it says little
WITH running AS (
    SELECT *
    FROM core.steps
    WHERE NOT is_finished AND phase IS DISTINCT FROM 'Initializing'
),

types AS (
    SELECT
        source,
        job_type,
        quantile_cont(duration_seconds, 0.99) AS kind_p99_seconds,
        max(duration_seconds) AS kind_max_seconds,
        count(*) AS kind_finished_count,
        count(DISTINCT root_job_id) AS kind_root_count
    FROM core.steps
    WHERE is_finished AND duration_seconds >= 0
    GROUP BY source, job_type
),

moments AS (
    SELECT
        source,
        root_job_id,
        path,
        job_type,
        unnest([0, 600, 1800]) AS ahead_seconds,
        elapsed_seconds + ahead_seconds AS at_seconds
    FROM running
    WHERE elapsed_seconds >= 0
),

-- Every moment has a value, since the step itself is in the curve at its age.
values_on_curve AS (
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

by_step AS (
    SELECT
        source,
        root_job_id,
        path,
        max(survival) FILTER (WHERE ahead_seconds = 0) AS survival,
        max(later_count) FILTER (WHERE ahead_seconds = 0) AS later_count,
        max(success_incidence) FILTER (WHERE ahead_seconds = 0) AS succeeded_by_now,
        max(success_incidence) FILTER (WHERE ahead_seconds = 600) AS succeeded_in_10_minutes,
        max(success_incidence) FILTER (WHERE ahead_seconds = 1800) AS succeeded_in_30_minutes
    FROM values_on_curve
    GROUP BY source, root_job_id, path
),

-- The share that succeeds after the step's age, of all that run to that age. Rounding must not make it more than 1.
probabilities AS (
    SELECT
        source,
        root_job_id,
        path,
        survival,
        CASE WHEN later_count > 0 THEN least(1, (succeeded_in_10_minutes - succeeded_by_now) / survival) END
            AS success_rate_10_minutes,
        CASE WHEN later_count > 0 THEN least(1, (succeeded_in_30_minutes - succeeded_by_now) / survival) END
            AS success_rate_30_minutes
    FROM by_step
)

SELECT
    running.source,
    running.root_job_id,
    running.path,
    running.root_job_type,
    running.job_id,
    running.job_type,
    running.cluster_id,
    running.resource_id,
    running.resource_name,
    running.phase,
    running.created_at,
    running.observed_at,
    running.elapsed_seconds AS age_seconds,
    CASE WHEN types.kind_finished_count > 0 THEN 100 * (1 - probabilities.survival) END AS age_percentile,
    CASE WHEN types.kind_finished_count > 0 THEN probabilities.success_rate_10_minutes END AS success_rate_10_minutes,
    CASE WHEN types.kind_finished_count > 0 THEN probabilities.success_rate_30_minutes END AS success_rate_30_minutes,
    types.kind_p99_seconds,
    types.kind_max_seconds,
    coalesce(types.kind_finished_count, 0) AS kind_finished_count,
    coalesce(types.kind_root_count, 0) AS kind_root_count,
    coalesce(running.elapsed_seconds > types.kind_p99_seconds, FALSE) AS is_stuck
FROM running
LEFT JOIN types
    ON running.source = types.source AND running.job_type IS NOT DISTINCT FROM types.job_type
LEFT JOIN probabilities
    ON
        running.source = probabilities.source
        AND running.root_job_id = probabilities.root_job_id
        AND running.path = probabilities.path
