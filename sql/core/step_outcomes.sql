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
    -- Through text: DuckDB 2.0 rounds the last microsecond of a day up into the next one when it casts to DATE.
    left(steps.created_at::VARCHAR, 10)::DATE AS created_on,
    count(*) FILTER (WHERE steps.is_finished) AS finished_count,
    count(*) FILTER (WHERE steps.phase = 'Failed') AS failed_count,
    count(*) FILTER (WHERE steps.is_blamed) AS blamed_count,
    count(*) FILTER (WHERE NOT steps.is_finished AND steps.phase IS DISTINCT FROM 'Initializing') AS running_count,
    count(*) FILTER (WHERE steps.phase = 'Initializing') AS initializing_count
FROM marts.steps AS steps
GROUP BY steps.source, steps.job_type, created_on
