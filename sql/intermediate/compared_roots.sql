-- The root jobs that are compared for each step type. The number is bounded, so that the comparison takes the same time
-- however long the history is: all roots of a step type with at most 20,000 root jobs, and of any other about 20,000,
-- drawn evenly by a hash of their ids. The hash is the same every night and for all step types. A root therefore leaves
-- the sample only when the share shrinks, and one that is drawn for a step type is drawn for every rarer step type of
-- its tree. Trees of one shape have steps of the same types: counting by shape takes a third of the time of counting by
-- step.
-- grain: source, root_job_id, job_type
-- columns:
--   source: one project in one region
--   root_job_id: root of the tree
--   job_type: what steps of its tree do
WITH step_types AS (
    SELECT DISTINCT
        root_shape_id,
        job_type
    FROM core.steps
    WHERE job_type IS NOT NULL
),

sizes AS (
    SELECT
        shape_id,
        count(*) AS root_count
    FROM core.root_jobs
    GROUP BY shape_id
),

shares AS (
    SELECT
        step_types.job_type,
        20000 / sum(sizes.root_count) AS share
    FROM step_types
    INNER JOIN sizes
        ON step_types.root_shape_id = sizes.shape_id
    GROUP BY step_types.job_type
),

numbers AS (
    SELECT
        source,
        job_id,
        shape_id,
        md5_number_lower(source || '/' || job_id) / pow(2, 64) AS number
    FROM core.root_jobs
)

SELECT
    numbers.source,
    numbers.job_id AS root_job_id,
    step_types.job_type
FROM numbers
INNER JOIN step_types
    ON numbers.shape_id = step_types.root_shape_id
INNER JOIN shares
    ON step_types.job_type = shares.job_type
WHERE numbers.number < shares.share
