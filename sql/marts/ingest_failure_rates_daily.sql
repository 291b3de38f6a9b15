-- How often the ids that our own runs ask for fail, by the day on which the runs started. The interval is Wilson's
-- score interval at 95 % (E. B. Wilson, 1927), which is also good for few ids.
-- grain: source, command, started_on
-- columns:
--   source: one project in one region
--   command: what was run: run, load or dagster
--   started_on: UTC date the runs started on
--   run_count: number of runs
--   asked_count: ids or records they asked for
--   failed_count: of these, those that failed
--   request_count: HTTP requests, including repeated ones
--   throttled_count: requests answered with status 429
--   failure_rate: failed_count / asked_count, 0..1; NULL when nothing was asked for
--   failure_rate_low: lower end of its 95 % interval, 0..1
--   failure_rate_high: upper end of its 95 % interval, 0..1
--   throttled_rate: throttled_count / request_count, 0..1; NULL without requests
WITH days AS (
    SELECT
        source,
        command,
        started_on,
        count(*) AS run_count,
        sum(asked_count)::BIGINT AS asked_count,
        sum(failed_count)::BIGINT AS failed_count,
        sum(request_count)::BIGINT AS request_count,
        sum(throttled_count)::BIGINT AS throttled_count
    FROM intermediate.ingest_runs
    GROUP BY source, command, started_on
),

-- z = 1.959963984540054 is the normal distribution's 97.5 % point.
terms AS (
    SELECT
        *,
        failed_count / nullif(asked_count, 0)::DOUBLE AS failure_rate,
        pow(1.959963984540054, 2) / nullif(asked_count, 0) AS z_squared_share,
        (failure_rate + z_squared_share / 2) / (1 + z_squared_share) AS centre,
        sqrt(z_squared_share * (failure_rate * (1 - failure_rate) + z_squared_share / 4))
        / (1 + z_squared_share) AS half_width
    FROM days
)

-- At a rate of exactly 0 or 1, rounding could put the rate outside its interval. The outer least and greatest do not.
SELECT
    source,
    command,
    started_on,
    run_count,
    asked_count,
    failed_count,
    request_count,
    throttled_count,
    failure_rate,
    CASE WHEN asked_count > 0 THEN least(failure_rate, greatest(0, centre - half_width)) END AS failure_rate_low,
    CASE WHEN asked_count > 0 THEN greatest(failure_rate, least(1, centre + half_width)) END AS failure_rate_high,
    throttled_count / nullif(request_count, 0)::DOUBLE AS throttled_rate
FROM terms
