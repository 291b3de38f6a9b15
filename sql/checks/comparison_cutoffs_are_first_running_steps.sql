-- A step type whose cutoff is not the start of its first running step that is not stuck. A step is stuck when it is
-- older than 99% of the finished steps of its type took. `surplus` is 1 for what only the cutoffs has, -1 for what only
-- the running steps has.
-- table: intermediate.comparison_cutoffs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
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
