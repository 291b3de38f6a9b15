-- A root of core.jobs without a placement or with several, a placement of no root, one that contradicts itself, or one
-- below a root that is nested itself. A root is nested without a hop exactly when the top root's own tree holds its
-- job.
-- table: core.root_placements
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH nested AS (
    SELECT
        *,
        length(path_prefix) - length(replace(path_prefix, '/', '')) + 1 AS level_count
    FROM core.root_placements
    WHERE is_nested
),

both_sides AS (
    SELECT
        nested.source,
        nested.root_job_id,
        coalesce(
            NOT tops.is_nested
            AND nested.depth_offset = nested.level_count
            AND (nested.hop_count = 0) = (holders.source IS NOT NULL),
            FALSE
        ) AS is_sound,
        1 AS side
    FROM nested
    LEFT JOIN core.root_placements AS tops
        ON nested.source = tops.source AND nested.top_root_job_id = tops.root_job_id
    LEFT JOIN core.jobs AS holders
        ON
            nested.source = holders.source
            AND nested.top_root_job_id = holders.root_job_id
            AND nested.path_prefix = holders.path
            AND nested.root_job_id = holders.job_id
    UNION ALL
    SELECT
        source,
        root_job_id,
        top_root_job_id = root_job_id AND path_prefix = '' AND depth_offset = 0 AND hop_count = 0 AS is_sound,
        1 AS side
    FROM core.root_placements
    WHERE NOT is_nested
    UNION ALL
    SELECT
        source,
        root_job_id,
        TRUE AS is_sound,
        -1 AS side
    FROM core.jobs
    WHERE depth = 0
)

SELECT
    source,
    root_job_id,
    is_sound,
    sum(side) AS surplus
FROM both_sides
GROUP BY source, root_job_id, is_sound
HAVING sum(side) != 0
