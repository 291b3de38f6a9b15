-- A step type whose horizon is not the first start of those on their way that are not stuck: younger, at the source's
-- last observation, than 99% of their kind took. 1: only here, -1: only among the running steps.
-- table: intermediate.comparison_cutoffs
WITH observed AS (
    SELECT
        source,
        max(epoch_ns(observed_at))::HUGEINT AS observed_ns
    FROM marts.steps
    GROUP BY source
),

both_sides AS (
    SELECT
        source,
        job_type,
        open_from_at,
        1 AS side
    FROM intermediate.comparison_cutoffs
    UNION ALL
    SELECT
        running.source,
        running.job_type,
        min(running.created_at) AS open_from_at,
        -1 AS side
    FROM marts.running_steps AS running
    INNER JOIN observed ON running.source = observed.source
    WHERE
        running.age_seconds >= 0
        AND running.job_type IS NOT NULL
        AND (observed.observed_ns - epoch_ns(running.created_at)) / 1e9 <= running.kind_p99_seconds
    GROUP BY running.source, running.job_type
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
