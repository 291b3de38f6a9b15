-- Every comparison that is reported, and every confirmed change of level. The q-values treat all slices of all step
-- types, both windows, durations and failures, and all changes as one family. The SELECT returns one row per root and
-- step type: the median of its successful steps' log durations, and whether its failure is blamed on one of them. Of a
-- step type with more than 20,000 root jobs, about 20,000 are compared (intermediate.compared_roots). Steps from their
-- type's cutoff on are left out (intermediate.comparison_cutoffs).
-- computed by: cce_etl.models.computed.comparisons
-- grain: job_type, measure, comparison, rank
-- columns:
--   job_type: what the step does
--   measure: duration or failure
--   comparison: 'whole window' or 'after change' (a slice against all other roots), or 'before and after' (one source's
--     roots)
--   rank: number from 1 within step type and measure; the most significant cohort comes first, of changes a source's
--     earliest
--   dimensions: the one or two dimensions that define the slice
--   dimension_values: the slice's value in each dimension
--   since_at: midpoint between the last root before and the first after the change, UTC; NULL over the whole window
--   last_before_at: start of the last root before the change of level, UTC
--   first_after_at: start of the first root after it, UTC
--   ratio: ratio of median residuals or of failure rates, of the slice over other roots of its shapes, or of after over
--     before; NULL when the divisor is 0
--   ratio_low: lower end of its 95 % interval, by bootstrap over roots; NULL for changes of level
--   ratio_high: upper end of that interval
--   p_value: two-sided p-value over the window in which the slice was found; multiplied by the number of possible dates
--     when one was searched for
--   q_value: share of false findings among all with this q-value or a smaller one (Y. Benjamini and Y. Hochberg, 1995)
--   is_finding: true when q_value is below 0.01 and the ratio is at least 1.2; for changes of level at least 1.05
--     either way
--   root_count: roots in the slice, or after the change; this and all counts are of compared roots
--   other_root_count: all other roots compared, or those before
--   step_count: steps of those roots: measured ones (duration) or finished ones (failure)
--   median_seconds: median of the roots' median durations; NULL for failures
--   other_median_seconds: the same of the other roots
--   failed_count: roots whose failure is blamed on such a step; NULL for durations
--   other_failed_count: the same of the other roots
--   failure_rate: share of roots, 0..1
--   other_failure_rate: the same of the other roots
--   first_seen_then: each 'dimension=value' that this source's roots first had within two days of the change
WITH measures AS (
    SELECT
        steps.source,
        steps.root_job_id,
        steps.job_type,
        any_value(steps.root_job_type) AS root_job_type,
        any_value(steps.root_shape_id) AS root_shape_id,
        min(steps.created_at) AS created_at,
        count(*) AS step_count,
        count(*) FILTER (WHERE steps.is_finished) AS finished_step_count,
        count(*) FILTER (WHERE steps.phase = 'Success' AND steps.duration_seconds > 0) AS measured_step_count,
        median(
            CASE WHEN steps.phase = 'Success' AND steps.duration_seconds > 0 THEN ln(steps.duration_seconds) END
        ) AS log_seconds,
        coalesce(bool_or(steps.is_blamed), FALSE) AS is_blamed,
        CASE WHEN min(clusters.version) = max(clusters.version) THEN min(clusters.version) END AS cluster_version,
        CASE WHEN min(clusters.flavor) = max(clusters.flavor) THEN min(clusters.flavor) END AS flavor,
        CASE
            WHEN min(clusters.availability_zones) = max(clusters.availability_zones)
                THEN min(clusters.availability_zones)
        END AS availability_zone,
        min(steps.resource_name) AS step_resource_name,
        flatten(list(map_entries(steps.extend_param))) AS step_parameters
    FROM core.steps AS steps
    INNER JOIN intermediate.compared_roots AS roots
        ON
            steps.source = roots.source
            AND steps.root_job_id = roots.root_job_id
            AND steps.job_type = roots.job_type
    LEFT JOIN core.clusters AS clusters
        ON
            steps.source = clusters.source
            AND steps.cluster_id = clusters.cluster_id
            AND coalesce(steps.created_at >= clusters.valid_from_at, clusters.valid_from_at IS NULL)
            AND coalesce(steps.created_at < clusters.valid_until_at, clusters.valid_until_at IS NULL)
    LEFT JOIN intermediate.comparison_cutoffs AS horizons
        ON steps.source = horizons.source AND steps.job_type = horizons.job_type
    WHERE coalesce(steps.created_at < horizons.open_from_at, horizons.source IS NULL)
    GROUP BY steps.source, steps.root_job_id, steps.job_type
)

SELECT
    measures.*,
    coalesce(measures.step_resource_name, roots.resource_name) AS resource_name,
    map_entries(roots.extend_param) AS root_parameters
FROM measures
INNER JOIN core.jobs AS roots
    ON measures.source = roots.source AND measures.root_job_id = roots.root_job_id AND roots.path = ''
