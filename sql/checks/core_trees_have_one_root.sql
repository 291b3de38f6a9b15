-- A tree with no row at depth 0, or with several.
-- table: core.jobs
-- to do: Run `cce-etl replay`, which loads everything again. If rows remain, loading has a defect: report it.
SELECT
    source,
    root_job_id,
    count(*) FILTER (WHERE depth = 0) AS root_count
FROM core.jobs
GROUP BY source, root_job_id
HAVING count(*) FILTER (WHERE depth = 0) != 1
