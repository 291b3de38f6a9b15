-- A place in a tree with more than one row. Paths are counted as numbers, in half the time of texts.
-- table: core.jobs
-- to do: Run `cce-etl replay`, which loads everything again. If rows remain, loading has a defect: report it.
WITH repeated AS (
    SELECT hash(source, root_job_id, path) AS place
    FROM core.jobs
    GROUP BY place
    HAVING count(*) > 1
)

SELECT
    rows.source,
    rows.root_job_id,
    rows.path,
    count(*) AS row_count
FROM core.jobs AS rows
INNER JOIN repeated ON hash(rows.source, rows.root_job_id, rows.path) = repeated.place
GROUP BY rows.source, rows.root_job_id, rows.path
HAVING count(*) > 1
