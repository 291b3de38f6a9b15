-- A root whose duration is not the sum of its own critical seconds and those of its steps, to the nanosecond. Roots
-- above 25 days are left out: from 2^51 ns on, a DOUBLE of seconds does not give its nanoseconds back.
-- table: marts.steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH owed AS (
    SELECT
        source,
        root_job_id,
        sum(round(critical_self_seconds * 1e9)::BIGINT) AS owed_ns
    FROM marts.steps
    GROUP BY source, root_job_id
)

SELECT
    roots.source,
    roots.job_id,
    roots.duration_seconds,
    owed.owed_ns
FROM marts.root_jobs AS roots
INNER JOIN owed
    ON roots.source = owed.source AND roots.job_id = owed.root_job_id
WHERE
    roots.duration_seconds < 25 * 86400
    AND owed.owed_ns + round(roots.critical_self_seconds * 1e9)::BIGINT
    != round(roots.duration_seconds * 1e9)::BIGINT
