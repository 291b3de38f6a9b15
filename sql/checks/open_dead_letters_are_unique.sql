-- More than one open dead letter of one kind for one job id, or for one message where no id could be read.
-- table: raw.dead_letters
SELECT
    source,
    kind,
    coalesce(job_id, message) AS subject,
    count(*) AS row_count
FROM raw.dead_letters
WHERE resolved_at IS NULL
GROUP BY source, kind, coalesce(job_id, message)
HAVING count(*) > 1
