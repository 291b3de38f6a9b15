-- An id with more than one row in a source's list.
-- table: raw.job_ids
-- to do: Nothing is counted twice by it. Report it: adding ids to the list has a defect.
SELECT
    source,
    job_id,
    count(*) AS row_count
FROM raw.job_ids
GROUP BY source, job_id
HAVING count(*) > 1
