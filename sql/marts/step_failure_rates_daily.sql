-- How often each step type fails, of the steps that finished, by the day it started. The interval is Wilson's score
-- interval at 95 % (E. B. Wilson, 1927), which stays sensible for few steps and for rates near 0. Steps without a start
-- have no day: created_on is NULL, so that days sum to marts.step_failure_rates.
-- grain: source, job_type, created_on
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   created_on: UTC date the steps started on; NULL for steps without a start
--   finished_count: steps in phase Success or Failed
--   failed_count: steps in phase Failed
--   running_count: steps neither finished nor Initializing, unknown phases included; no part of the rate
--   initializing_count: steps in phase Initializing; no part of the rate
--   failure_rate: failed_count / finished_count, 0..1; NULL when nothing finished
--   failure_rate_low: lower end of its 95 % interval, 0..1
--   failure_rate_high: upper end of its 95 % interval, 0..1
WITH counts AS (
    SELECT
        source,
        job_type,
        -- Through text: DuckDB 2.0 rounds the last microsecond of a day up into the next one when it casts to DATE.
        left(created_at::VARCHAR, 10)::DATE AS created_on,
        count(*) FILTER (WHERE is_finished) AS finished_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        count(*) FILTER (WHERE NOT is_finished AND phase IS DISTINCT FROM 'Initializing') AS running_count,
        count(*) FILTER (WHERE phase = 'Initializing') AS initializing_count,
        failed_count / nullif(finished_count, 0)::DOUBLE AS failure_rate
    FROM marts.steps
    GROUP BY source, job_type, created_on
),

-- z = 1.959963984540054 is the normal distribution's 97.5 % point.
terms AS (
    SELECT
        *,
        pow(1.959963984540054, 2) / nullif(finished_count, 0) AS z_squared_share,
        (failure_rate + z_squared_share / 2) / (1 + z_squared_share) AS centre,
        sqrt(z_squared_share * (failure_rate * (1 - failure_rate) + z_squared_share / 4)) / (1 + z_squared_share)
            AS half_width
    FROM counts
)

-- The outer least and greatest keep the rate inside its own interval at exactly 0 and 1, where rounding would not.
SELECT
    source,
    job_type,
    created_on,
    finished_count,
    failed_count,
    running_count,
    initializing_count,
    failure_rate,
    CASE WHEN finished_count > 0 THEN least(failure_rate, greatest(0, centre - half_width)) END AS failure_rate_low,
    CASE WHEN finished_count > 0 THEN greatest(failure_rate, least(1, centre + half_width)) END AS failure_rate_high
FROM terms
