-- A job of core.jobs that is neither a root job nor a step. Ids made from a place in a nested root's tree are left out:
-- the same node has another such id in the tree around it.
-- table: marts.steps
WITH counted AS (
    SELECT
        source,
        job_id
    FROM marts.root_jobs
    UNION ALL
    SELECT
        source,
        job_id
    FROM marts.steps
)

SELECT DISTINCT
    jobs.source,
    jobs.job_id
FROM core.jobs AS jobs
INNER JOIN core.root_placements AS placements
    ON jobs.source = placements.source AND jobs.root_job_id = placements.root_job_id
LEFT JOIN counted
    ON jobs.source = counted.source AND jobs.job_id = counted.job_id
WHERE counted.source IS NULL AND (jobs.has_uid OR jobs.depth = 0 OR NOT placements.is_nested)
