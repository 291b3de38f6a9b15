-- A sub-job whose parent does not stand one level up, at its path less its ordinal, in the same tree, or stands there
-- as a leaf. Numbers are compared, in two thirds of the time of texts.
-- table: core.jobs
WITH parents AS (
    SELECT hash(source, root_job_id, path, job_id, depth) AS place
    FROM core.jobs
    WHERE NOT is_leaf
),

children AS (
    SELECT
        source,
        root_job_id,
        path,
        parent_job_id,
        hash(source, root_job_id, left(path, -1 - length(ordinal::VARCHAR)), parent_job_id, depth - 1) AS parent_place
    FROM core.jobs
    WHERE depth > 0
)

SELECT
    children.source,
    children.root_job_id,
    children.path,
    children.parent_job_id
FROM children
ANTI JOIN parents ON children.parent_place = parents.place
