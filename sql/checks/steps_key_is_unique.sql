-- A place in a tree with more than one step. Paths are counted as numbers, in half the time of texts.
-- table: marts.steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH repeated AS (
    SELECT hash(source, root_job_id, path) AS place
    FROM marts.steps
    GROUP BY place
    HAVING count(*) > 1
)

SELECT
    rows.source,
    rows.root_job_id,
    rows.path,
    count(*) AS row_count
FROM marts.steps AS rows
INNER JOIN repeated ON hash(rows.source, rows.root_job_id, rows.path) = repeated.place
GROUP BY rows.source, rows.root_job_id, rows.path
HAVING count(*) > 1
