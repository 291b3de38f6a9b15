-- A sub-job whose parent is not one level up in the same tree, at the sub-job's path less its last ordinal, or whose
-- parent is marked as a leaf. Paths are compared as numbers, in two thirds of the time of texts.
-- table: core.jobs
-- to do: Run `cce-etl replay`, which loads everything again. If rows remain, loading has a defect: report it.
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
