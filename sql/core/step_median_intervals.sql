-- How many root jobs have such steps, and a 95 % interval of the median duration by order statistics with one value a
-- root, the median of its steps: those resemble each other, roots are independent. By step type and one dimension more.
-- grain: source, job_type, dimension, dimension_value
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   dimension: root_job_type, cluster_id or root_shape_id; 'all' for the step type alone
--   dimension_value: its value, NULL when it has none and for 'all'
--   root_count: root jobs with such a step in any phase
--   measured_root_count: root jobs with a measured success: both clocks and a duration of 0 or more
--   p50_low_seconds: lower end of the interval, seconds; NULL below 6 measured roots
--   p50_high_seconds: upper end of the interval, seconds; NULL below 6 measured roots
WITH roots AS (
    SELECT
        source,
        job_type,
        cluster_id,
        grouping(cluster_id) = 0 AS is_by_cluster,
        any_value(root_job_type) AS root_job_type,
        any_value(root_shape_id) AS root_shape_id,
        list_median(list(seconds) FILTER (WHERE phase = 'Success')) AS median_seconds
    FROM core.step_lifetimes
    GROUP BY GROUPING SETS ((source, job_type, root_job_id), (source, job_type, root_job_id, cluster_id))
),

slices AS (
    SELECT
        source,
        job_type,
        is_by_cluster,
        grouping(root_job_type, cluster_id, root_shape_id) AS omitted,
        coalesce(root_job_type, cluster_id, root_shape_id) AS dimension_value,
        count(*) AS root_count,
        count(median_seconds) AS measured_root_count,
        list_sort(list(median_seconds) FILTER (WHERE median_seconds IS NOT NULL)) AS medians
    FROM roots
    GROUP BY source, job_type, is_by_cluster, GROUPING SETS ((), (root_job_type), (cluster_id), (root_shape_id))
),

-- The largest rank with P(Binomial(n, 1/2) < rank) <= 0.025, found exactly for all n tried, 6 to 200,000: the normal
-- quantile z with the continuity correction, its variance corrected by (z^2 - 1) / 6 for the lattice and the kurtosis.
ranked AS (
    SELECT
        *,
        1.959963984540054 * sqrt(greatest(measured_root_count, 1) - 0.473576470115687) AS width,
        floor((measured_root_count + 1 - width) / 2)::BIGINT AS low_rank
    FROM slices
    WHERE is_by_cluster = (omitted = 5)
)

SELECT
    source,
    job_type,
    ['root_job_type', NULL, 'cluster_id', 'root_shape_id', 'all'][omitted - 2] AS dimension,
    dimension_value,
    root_count,
    measured_root_count,
    CASE WHEN measured_root_count >= 6 THEN medians[low_rank] END AS p50_low_seconds,
    CASE WHEN measured_root_count >= 6 THEN medians[measured_root_count + 1 - low_rank] END AS p50_high_seconds
FROM ranked
