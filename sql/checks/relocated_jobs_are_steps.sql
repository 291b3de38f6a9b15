-- A relocated job that is not the step at its new place, or whose place contradicts itself. `surplus` is 1 for what
-- only core.relocated_jobs has, -1 for what only marts.steps has.
-- table: core.relocated_jobs
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH places AS (
    SELECT
        *,
        min(sibling_number) OVER siblings AS first_number,
        max(sibling_number) OVER siblings AS last_number,
        count(*) OVER siblings AS sibling_count
    FROM core.relocated_jobs
    WINDOW siblings AS (PARTITION BY source, root_job_id, parent_path, parent_job_id)
),

both_sides AS (
    SELECT
        source,
        core_root_job_id,
        core_path,
        root_job_id,
        path,
        parent_path,
        parent_job_id,
        depth,
        first_number = 1
        AND last_number = sibling_count
        AND (place_number = 1) = (path NOT LIKE '%~%')
        AND (place_number = 1 OR path LIKE '%~' || place_number)
        AND depth = length(path) - length(replace(path, '/', '')) + 1 AS is_sound,
        1 AS side
    FROM places
    UNION ALL
    SELECT
        source,
        core_root_job_id,
        core_path,
        root_job_id,
        path,
        parent_path,
        parent_job_id,
        depth,
        TRUE AS is_sound,
        -1 AS side
    FROM marts.steps
    WHERE root_job_id != core_root_job_id
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
