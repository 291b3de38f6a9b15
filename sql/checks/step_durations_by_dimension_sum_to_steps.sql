-- A source of which a dimension does not count every step, by phase and with the values that were sent, or a dimension
-- that differs from its mart. Each side has its row.
-- table: intermediate.step_durations_by_dimension
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH counts AS (
    SELECT
        'figures' AS side,
        *
    FROM intermediate.step_durations_by_dimension
    UNION ALL BY NAME
    SELECT
        'mart' AS side,
        'all' AS dimension,
        *
    FROM marts.step_durations
    UNION ALL BY NAME
    SELECT
        'mart' AS side,
        'cluster_id' AS dimension,
        * RENAME (cluster_id AS dimension_value)
    FROM marts.step_durations_by_cluster
    UNION ALL BY NAME
    SELECT
        'mart' AS side,
        'root_job_type' AS dimension,
        * RENAME (root_job_type AS dimension_value)
    FROM marts.step_durations_by_root_type
    UNION ALL BY NAME
    SELECT
        'mart' AS side,
        'root_shape_id' AS dimension,
        * RENAME (root_shape_id AS dimension_value)
    FROM marts.step_durations_by_shape
),

steps AS (
    SELECT
        source,
        count(*) AS step_count,
        count(*) FILTER (WHERE phase = 'Success') AS success_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        unnest([
            { 'name': 'all', 'valued_count': 0 },
            { 'name': 'cluster_id', 'valued_count': count(cluster_id) },
            { 'name': 'root_job_type', 'valued_count': count(root_job_type) },
            { 'name': 'root_shape_id', 'valued_count': count(root_shape_id) }
        ]) AS dimension
    FROM marts.steps
    GROUP BY source
),

sums AS (
    SELECT
        side,
        source,
        dimension,
        sum(step_count)::BIGINT AS step_count,
        sum(success_count)::BIGINT AS success_count,
        sum(failed_count)::BIGINT AS failed_count,
        coalesce(sum(step_count) FILTER (WHERE dimension_value IS NOT NULL), 0)::BIGINT AS valued_count
    FROM counts
    GROUP BY side, source, dimension
    UNION ALL
    SELECT
        'steps' AS side,
        source,
        dimension.name AS dimension,
        step_count,
        success_count,
        failed_count,
        dimension.valued_count
    FROM steps
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    string_agg(side, ', ' ORDER BY side) AS sides
FROM sums
GROUP BY ALL
HAVING count(*) != 3
