-- A running step whose share of its kind that has ended by its age is not the value of marts.step_survival at that age.
-- table: marts.running_steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    running.source,
    running.root_job_id,
    running.path,
    running.age_seconds,
    running.age_percentile,
    100 * (1 - curves.survival) AS percentile_of_curve
FROM marts.running_steps AS running
LEFT JOIN marts.step_survival AS curves
    ON
        running.source = curves.source
        AND running.job_type IS NOT DISTINCT FROM curves.job_type
        AND running.age_seconds = curves.seconds
WHERE
    running.age_seconds >= 0
    AND running.kind_finished_count > 0
    AND NOT coalesce(abs(running.age_percentile - 100 * (1 - curves.survival)) < 1e-9, FALSE)
