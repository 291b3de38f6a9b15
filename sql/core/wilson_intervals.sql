-- Wilson's score interval at 95 % (E. B. Wilson, 1927) of every rate that failure rates need: some of so many steps.
-- It stays sensible for few steps and for rates near 0.
-- grain: part_count, whole_count
-- columns:
--   part_count: steps counted, 0 to whole_count
--   whole_count: steps that could have been counted, at least 1
--   low_rate: lower end of the interval of part_count / whole_count, 0..1
--   high_rate: upper end of the interval, 0..1
WITH totals AS (
    SELECT
        sum(finished_count)::BIGINT AS whole_count,
        sum(failed_count)::BIGINT AS failed_count,
        sum(blamed_count)::BIGINT AS blamed_count
    FROM core.step_outcomes
    GROUP BY GROUPING SETS ((source, job_type), (source, job_type, created_on))
),

pairs AS (
    SELECT
        failed_count AS part_count,
        whole_count
    FROM totals
    UNION
    SELECT
        blamed_count AS part_count,
        whole_count
    FROM totals
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
)

-- The outer least and greatest keep the rate inside its own interval at exactly 0 and 1, where rounding would not.
SELECT
    part_count,
    whole_count,
    least(rate, greatest(0, centre - half_width)) AS low_rate,
    greatest(rate, least(1, centre + half_width)) AS high_rate
FROM terms
