-- An id listed more than once in a source.
-- table: raw.job_ids
SELECT
    source,
    job_id,
    count(*) AS row_count
FROM raw.job_ids
GROUP BY source, job_id
HAVING count(*) > 1
