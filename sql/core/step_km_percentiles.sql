-- Kaplan-Meier percentiles (E. L. Kaplan and P. Meier, 1958) of the time until steps end, by failure too: the smallest
-- t with S(t) <= 1 - p. A running step is at risk up to its age. By step type and by one dimension more.
-- grain: source, job_type, dimension, dimension_value
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   dimension: root_job_type, cluster_id or root_shape_id; 'all' for the step type alone
--   dimension_value: its value, NULL when it has none and for 'all'
--   km_event_count: steps that ended, with sound clocks
--   km_censored_count: steps running when last seen, with sound clocks
--   km_p50_seconds: median time to the end, seconds; NULL when never reached
--   km_p90_seconds: 90th percentile, seconds; NULL when never reached
--   km_p95_seconds: 95th percentile, seconds; NULL when never reached
WITH slices AS (
    SELECT
        source,
        job_type,
        grouping(root_job_type, cluster_id, root_shape_id) AS omitted,
        coalesce(root_job_type, cluster_id, root_shape_id) AS dimension_value,
        row_number() OVER () AS number,
        count(*) AS step_count,
        -- Ends before cut-offs of the same time: a step cut off at t is at risk at t.
        list_sort(list({ 'seconds': seconds, 'is_cut_off': NOT is_ended })) AS steps
    FROM core.step_lifetimes
    WHERE seconds IS NOT NULL
    GROUP BY source, job_type, GROUPING SETS ((), (root_job_type), (cluster_id), (root_shape_id))
),

cut_offs AS (
    SELECT
        number,
        step_count,
        unnest(list_prepend(0, list_where(range(1, step_count + 1), [step.is_cut_off FOR step IN steps]))) AS place
    FROM slices
),

-- A step cut off leaves its weight to those after it: up to the next one, S after a place is weight * (step_count -
-- place) / step_count. Logarithms as decimals: a sum of floats depends on how the rows are divided.
stretches AS (
    SELECT
        *,
        lead(place, 1, step_count + 1) OVER in_order AS next_place,
        CASE WHEN place BETWEEN 1 AND step_count - 1 THEN ln(1 + 1 / (step_count - place)) ELSE 0 END AS gain,
        exp(sum(gain::DECIMAL(18, 16)) OVER in_order) AS weight
    FROM cut_offs
    WINDOW in_order AS (PARTITION BY number ORDER BY place)
),

places AS (
    SELECT
        *,
        unnest([0.5, 0.1, 0.05]) AS share,
        -- 1e-12, as weights are rounded.
        greatest(place + 1, ceil(step_count * (1 - (share + 1e-12) / weight)))::BIGINT AS at_place
    FROM stretches
),

firsts AS (
    SELECT
        number,
        count(DISTINCT place) - 1 AS km_censored_count,
        min(at_place) FILTER (WHERE share = 0.5 AND at_place < next_place) AS p50_place,
        min(at_place) FILTER (WHERE share = 0.1 AND at_place < next_place) AS p90_place,
        min(at_place) FILTER (WHERE share = 0.05 AND at_place < next_place) AS p95_place
    FROM places
    GROUP BY number
)

SELECT
    slices.source,
    slices.job_type,
    ['root_job_type', NULL, 'cluster_id', 'root_shape_id', 'all'][slices.omitted - 2] AS dimension,
    slices.dimension_value,
    slices.step_count - firsts.km_censored_count AS km_event_count,
    firsts.km_censored_count,
    slices.steps[firsts.p50_place].seconds AS km_p50_seconds,
    slices.steps[firsts.p90_place].seconds AS km_p90_seconds,
    slices.steps[firsts.p95_place].seconds AS km_p95_seconds
FROM slices
INNER JOIN firsts ON slices.number = firsts.number
