-- A job id with more than one open dead letter of one kind; where no id could be read, a message with more than one.
-- table: raw.dead_letters
-- to do: Run `cce-etl replay`, which loads everything again. If rows remain, loading has a defect: report it.
SELECT
    source,
    kind,
    coalesce(job_id, message) AS subject,
    count(*) AS row_count
FROM raw.dead_letters
WHERE resolved_at IS NULL
GROUP BY source, kind, coalesce(job_id, message)
HAVING count(*) > 1
