-- A last night with fewer than a third, or more than three times, of the new and changed jobs of a usual night. The
-- usual night is the median of up to 14 nights before it, of at least 5. A difference below 100 jobs counts as chance.
-- A night is a day in UTC.
-- table: raw.fetch_runs
-- to do: Check whether the id lists are complete and whether the source had a holiday or an outage. Nothing has to be
--   repaired.
-- severity: warning
WITH nights AS (
    SELECT
        source,
        started_at::DATE AS night,
        sum(fetched) AS job_count
    FROM raw.fetch_runs
    WHERE command != 'load'
    GROUP BY source, night
),

numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY source ORDER BY night DESC) AS age
    FROM nights
),

compared AS (
    SELECT
        source,
        max(night) AS night,
        max(job_count) FILTER (age = 1) AS job_count,
        median(job_count) FILTER (age BETWEEN 2 AND 15) AS usual_job_count,
        count(*) FILTER (age BETWEEN 2 AND 15) AS compared_night_count
    FROM numbered
    GROUP BY source
)

SELECT *
FROM compared
WHERE
    compared_night_count >= 5
    AND abs(job_count - usual_job_count) >= 100
    AND (job_count > 3 * usual_job_count OR 3 * job_count < usual_job_count)
