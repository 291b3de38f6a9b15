-- How the steps of each type and day ended, counted: what failure rates are made of.
-- grain: source, job_type, created_on
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   created_on: UTC date the steps started on; NULL for steps without a start
--   finished_count: steps in phase Success or Failed
--   failed_count: steps in phase Failed
--   blamed_count: failed steps that their root's failure is put down to
--   running_count: steps neither finished nor Initializing, unknown phases included
--   initializing_count: steps in phase Initializing
SELECT
    steps.source,
    steps.job_type,
    -- Days since 1970, rounded down: DuckDB 2.0 rounds a day's last microsecond up when it casts to DATE, and going
    -- through text took a quarter of this model.
    make_date((
        epoch_ns(steps.created_at) // 86400000000000 - (epoch_ns(steps.created_at) % 86400000000000 < 0)::INTEGER
    )::INTEGER) AS created_on,
    count(*) FILTER (WHERE steps.is_finished) AS finished_count,
    count(*) FILTER (WHERE steps.phase = 'Failed') AS failed_count,
    count(*) FILTER (WHERE steps.is_blamed) AS blamed_count,
    count(*) FILTER (WHERE NOT steps.is_finished AND steps.phase IS DISTINCT FROM 'Initializing') AS running_count,
    count(*) FILTER (WHERE steps.phase = 'Initializing') AS initializing_count
FROM marts.steps AS steps
GROUP BY steps.source, steps.job_type, created_on
