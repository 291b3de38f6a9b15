-- Where each root's tree belongs. A root whose job is also a step of another root's tree is nested there: marts count
-- it once, as that step. The place is the one through the fewest other nested roots, then the smallest path.
-- by tree: kept
-- grain: source, root_job_id
-- columns:
--   source: one project in one region
--   root_job_id: the root whose tree is placed
--   is_nested: true when the root's job is a step of another root's tree
--   top_root_job_id: the root that is not nested and holds this one; the root itself when it is not nested
--   path_prefix: path of the root in the top root's tree, '' when it is not nested
--   depth_offset: depth of the root in the top root's tree, 0 when it is not nested
--   hop_count: number of other nested roots between the root and the top root
WITH RECURSIVE direct AS (
    SELECT
        nested.source,
        nested.root_job_id,
        nested.top_root_job_id,
        occurrences.path,
        occurrences.depth
    FROM core.nested_roots AS nested
    LEFT JOIN core.root_occurrences AS occurrences
        ON
            nested.source = occurrences.source
            AND nested.root_job_id = occurrences.root_job_id
            AND nested.top_root_job_id = occurrences.container_id
),

-- A shortest way passes each nested root once: their number bounds the walk, cycles included.
walks AS (
    SELECT
        *,
        0 AS hop_count
    FROM direct
    WHERE path IS NOT NULL
    UNION ALL
    SELECT
        direct.source,
        direct.root_job_id,
        direct.top_root_job_id,
        arg_min(walks.path || '/' || occurrences.path, (walks.path, walks.root_job_id)) AS path,
        arg_min(walks.depth + occurrences.depth, (walks.path, walks.root_job_id)) AS depth,
        min(walks.hop_count) + 1 AS hop_count
    FROM walks
    INNER JOIN core.root_occurrences AS occurrences
        ON walks.source = occurrences.source AND walks.root_job_id = occurrences.container_id
    INNER JOIN direct
        ON
            occurrences.source = direct.source
            AND occurrences.root_job_id = direct.root_job_id
            AND walks.top_root_job_id = direct.top_root_job_id
    WHERE direct.path IS NULL AND walks.hop_count < (SELECT count(*) FROM core.nested_roots)
    GROUP BY direct.source, direct.root_job_id, direct.top_root_job_id
),

placed AS (
    SELECT
        source,
        root_job_id,
        min(top_root_job_id) AS top_root_job_id,
        arg_min(path, hop_count) AS path_prefix,
        arg_min(depth, hop_count) AS depth_offset,
        min(hop_count) AS hop_count
    FROM walks
    GROUP BY source, root_job_id
)

SELECT
    roots.source,
    roots.root_job_id,
    placed.source IS NOT NULL AS is_nested,
    coalesce(placed.top_root_job_id, roots.root_job_id) AS top_root_job_id,
    coalesce(placed.path_prefix, '') AS path_prefix,
    coalesce(placed.depth_offset, 0) AS depth_offset,
    coalesce(placed.hop_count, 0) AS hop_count
FROM core.jobs AS roots
LEFT JOIN placed
    ON roots.source = placed.source AND roots.root_job_id = placed.root_job_id
WHERE roots.depth = 0
