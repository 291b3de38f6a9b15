-- How often the steps of each type fail, over the whole history and by day: the rows of marts.step_failure_rates and
-- marts.step_failure_rates_daily. The intervals are Wilson's score intervals at 95 % (E. B. Wilson, 1927), which are
-- also good for few steps and for rates near 0.
-- grain: source, job_type, period, created_on
-- columns:
--   source: one project in one region
--   job_type: what the step does, NULL when not sent
--   period: 'all' for the whole history, 'day' for one day
--   created_on: UTC date the steps of a day started on; NULL for steps without a start, and over the whole history
--   finished_count: steps in phase Success or Failed
--   failed_count: steps in phase Failed, including those that failed because a step below them did
--   blamed_count: of these, steps that their root's failure is blamed on, at most one for each failed root; a root that
--     is blamed itself is not counted here
--   running_count: steps neither finished nor Initializing, unknown phases included; no part of the rates
--   initializing_count: steps in phase Initializing; no part of the rates
--   failure_rate: failed_count / finished_count, 0..1; NULL when nothing finished
--   failure_rate_low: lower end of its 95 % interval, 0..1
--   failure_rate_high: upper end of its 95 % interval, 0..1
--   blamed_rate: blamed_count / finished_count, 0..1; NULL when nothing finished
--   blamed_rate_low: lower end of its 95 % interval, 0..1
--   blamed_rate_high: upper end of its 95 % interval, 0..1
WITH steps AS (
    SELECT
        source,
        job_type,
        phase,
        is_finished,
        is_blamed,
        -- Days since 1970, rounded down. DuckDB 2.0 rounds a day's last microsecond up when it casts to DATE, and a
        -- cast through text took a quarter of this model's time.
        make_date((
            epoch_ns(created_at) // 86400000000000 - (epoch_ns(created_at) % 86400000000000 < 0)::INTEGER
        )::INTEGER) AS created_on
    FROM core.steps
),

days AS (
    SELECT
        source,
        job_type,
        created_on,
        count(*) FILTER (WHERE is_finished) AS finished_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        count(*) FILTER (WHERE is_blamed) AS blamed_count,
        count(*) FILTER (WHERE NOT is_finished AND phase IS DISTINCT FROM 'Initializing') AS running_count,
        count(*) FILTER (WHERE phase = 'Initializing') AS initializing_count
    FROM steps
    GROUP BY source, job_type, created_on
),

periods AS (
    SELECT
        source,
        job_type,
        'day' AS period,
        created_on,
        finished_count,
        failed_count,
        blamed_count,
        running_count,
        initializing_count
    FROM days
    UNION ALL
    SELECT
        source,
        job_type,
        'all' AS period,
        NULL AS created_on,
        sum(finished_count)::BIGINT AS finished_count,
        sum(failed_count)::BIGINT AS failed_count,
        sum(blamed_count)::BIGINT AS blamed_count,
        sum(running_count)::BIGINT AS running_count,
        sum(initializing_count)::BIGINT AS initializing_count
    FROM days
    GROUP BY source, job_type
),

pairs AS (
    SELECT
        failed_count AS part_count,
        finished_count AS whole_count
    FROM periods
    UNION
    SELECT
        blamed_count AS part_count,
        finished_count AS whole_count
    FROM periods
),

-- z = 1.959963984540054 is the normal distribution's 97.5 % point.
terms AS (
    SELECT
        *,
        part_count / whole_count::DOUBLE AS rate,
        pow(1.959963984540054, 2) / whole_count AS z_squared_share,
        (rate + z_squared_share / 2) / (1 + z_squared_share) AS centre,
        sqrt(z_squared_share * (rate * (1 - rate) + z_squared_share / 4)) / (1 + z_squared_share) AS half_width
    FROM pairs
    WHERE whole_count > 0
),

-- At a rate of exactly 0 or 1, rounding could put the rate outside its interval. The outer least and greatest do not.
intervals AS (
    SELECT
        part_count,
        whole_count,
        rate,
        least(rate, greatest(0, centre - half_width)) AS low_rate,
        greatest(rate, least(1, centre + half_width)) AS high_rate
    FROM terms
)

SELECT
    periods.*,
    failed.rate AS failure_rate,
    failed.low_rate AS failure_rate_low,
    failed.high_rate AS failure_rate_high,
    blamed.rate AS blamed_rate,
    blamed.low_rate AS blamed_rate_low,
    blamed.high_rate AS blamed_rate_high
FROM periods
LEFT JOIN intervals AS failed
    ON periods.failed_count = failed.part_count AND periods.finished_count = failed.whole_count
LEFT JOIN intervals AS blamed
    ON periods.blamed_count = blamed.part_count AND periods.finished_count = blamed.whole_count
