-- A sub-job whose parent does not stand one level up, at its path less its ordinal, in the same tree.
-- table: core.jobs
WITH children AS (
    SELECT
        source,
        root_job_id,
        path,
        parent_job_id,
        depth,
        left(path, -1 - length(ordinal::VARCHAR)) AS parent_path
    FROM core.jobs
    WHERE depth > 0
)

SELECT
    children.source,
    children.root_job_id,
    children.path,
    children.parent_job_id
FROM children
LEFT JOIN core.jobs AS parents
    ON
        children.source = parents.source
        AND children.root_job_id = parents.root_job_id
        AND children.parent_path = parents.path
        AND children.parent_job_id = parents.job_id
        AND children.depth = parents.depth + 1
WHERE parents.source IS NULL
