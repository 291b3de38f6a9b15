-- Every step neither finished nor Initializing, unknown phases included, inside roots that have ended too, with its age
-- beside what is known of its kind: the steps of its source and type in marts.step_survival, running ones among them.
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
--   observed_at: when it was last seen, UTC
--   age_seconds: started to observed, seconds; also in a root that has ended; NULL or negative as its clocks say
--   age_percentile: share of its kind that has ended by its age, 0..100; NULL when none of its kind has finished
--   success_rate_10_minutes: chance to succeed in the 10 minutes after it was observed, 0..1, from the Aalen-Johansen
--     curve given its age; NULL when none of its kind has finished, or none was seen at a greater age. Where the curve
--     ends before those minutes do, a lower bound
--   success_rate_30_minutes: the same for 30 minutes
--   kind_p99_seconds: 99th percentile of the durations of finished steps of its kind, failures too, seconds
--   kind_max_seconds: longest of them, seconds
--   kind_finished_count: finished steps of its kind with sound clocks
--   kind_root_count: root jobs with such a step
--   is_stuck: true when older than 99% of the finished steps of its kind took, so also when older than any did; of few
--     finished ones that says little: see kind_finished_count; false when none has finished
WITH kinds AS (
    SELECT
        source,
        job_type,
        quantile_cont(seconds, 0.99) AS kind_p99_seconds,
        max(seconds) AS kind_max_seconds,
        count(*) AS kind_finished_count,
        count(DISTINCT root_job_id) AS kind_root_count
    FROM core.step_lifetimes
    WHERE is_ended AND seconds IS NOT NULL
    GROUP BY source, job_type
)

SELECT
    steps.source,
    steps.root_job_id,
    steps.path,
    steps.root_job_type,
    steps.job_id,
    steps.job_type,
    steps.cluster_id,
    steps.resource_id,
    steps.resource_name,
    steps.phase,
    steps.created_at,
    steps.observed_at,
    steps.elapsed_seconds AS age_seconds,
    CASE WHEN kinds.kind_finished_count > 0 THEN 100 * (1 - odds.survival) END AS age_percentile,
    CASE WHEN kinds.kind_finished_count > 0 THEN odds.success_rate_10_minutes END AS success_rate_10_minutes,
    CASE WHEN kinds.kind_finished_count > 0 THEN odds.success_rate_30_minutes END AS success_rate_30_minutes,
    kinds.kind_p99_seconds,
    kinds.kind_max_seconds,
    coalesce(kinds.kind_finished_count, 0) AS kind_finished_count,
    coalesce(kinds.kind_root_count, 0) AS kind_root_count,
    coalesce(steps.elapsed_seconds > kinds.kind_p99_seconds, FALSE) AS is_stuck
FROM marts.steps AS steps
LEFT JOIN kinds
    ON steps.source = kinds.source AND steps.job_type IS NOT DISTINCT FROM kinds.job_type
LEFT JOIN core.running_step_odds AS odds
    ON steps.source = odds.source AND steps.root_job_id = odds.root_job_id AND steps.path = odds.path
WHERE NOT steps.is_finished AND steps.phase IS DISTINCT FROM 'Initializing'
