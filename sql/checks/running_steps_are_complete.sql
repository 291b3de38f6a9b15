-- A step type with another number of running steps here than in marts.step_durations.
-- table: marts.running_steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH listed AS (
    SELECT
        source,
        job_type,
        count(*) AS listed_count
    FROM marts.running_steps
    GROUP BY source, job_type
)

SELECT
    durations.source,
    durations.job_type,
    durations.running_count,
    coalesce(listed.listed_count, 0) AS listed_count
FROM marts.step_durations AS durations
LEFT JOIN listed
    ON durations.source = listed.source AND durations.job_type IS NOT DISTINCT FROM listed.job_type
WHERE durations.running_count != coalesce(listed.listed_count, 0)
