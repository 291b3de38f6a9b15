-- A sub-job whose parent does not stand one level up, at its path less its ordinal, in the same tree.
-- table: core.jobs
SELECT
    child.source,
    child.root_job_id,
    child.path,
    child.parent_job_id
FROM core.jobs AS child
LEFT JOIN core.jobs AS parent
    ON
        child.source = parent.source
        AND child.root_job_id = parent.root_job_id
        AND child.parent_job_id = parent.job_id
        AND child.depth = parent.depth + 1
        AND child.path = if(parent.path = '', '', parent.path || '/') || child.ordinal
WHERE child.depth > 0 AND parent.source IS NULL
