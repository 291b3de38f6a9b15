-- A step type whose root types, clusters or shapes do not sum to its row in marts.step_durations. Each sum has its row,
-- with the tables that have it.
-- table: marts.step_durations
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH slices AS (
    SELECT
        'all' AS twin,
        source,
        job_type,
        step_count,
        measured_count,
        km_event_count,
        km_censored_count
    FROM marts.step_durations
    UNION ALL
    SELECT
        'root type' AS twin,
        source,
        job_type,
        step_count,
        measured_count,
        km_event_count,
        km_censored_count
    FROM marts.step_durations_by_root_type
    UNION ALL
    SELECT
        'cluster' AS twin,
        source,
        job_type,
        step_count,
        measured_count,
        km_event_count,
        km_censored_count
    FROM marts.step_durations_by_cluster
    UNION ALL
    SELECT
        'shape' AS twin,
        source,
        job_type,
        step_count,
        measured_count,
        km_event_count,
        km_censored_count
    FROM marts.step_durations_by_shape
),

sums AS (
    SELECT
        twin,
        source,
        job_type,
        sum(step_count)::BIGINT AS step_count,
        sum(measured_count)::BIGINT AS measured_count,
        sum(km_event_count)::BIGINT AS km_event_count,
        sum(km_censored_count)::BIGINT AS km_censored_count
    FROM slices
    GROUP BY twin, source, job_type
)

SELECT
    source,
    job_type,
    step_count,
    measured_count,
    km_event_count,
    km_censored_count,
    string_agg(twin, ', ' ORDER BY twin) AS twins
FROM sums
GROUP BY source, job_type, step_count, measured_count, km_event_count, km_censored_count
HAVING count(*) != 4
