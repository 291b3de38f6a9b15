-- Where each root's tree is counted. A root whose job is also a sub-job in another root's tree is nested: it is counted
-- once, as that step. Its place is the one through the fewest other nested roots, then the one with the smallest path.
-- Of roots that only contain each other, the one with the smallest id stays on top.
-- materialized: incremental
-- grain: source, root_job_id
-- columns:
--   source: one project in one region
--   root_job_id: the root whose tree is placed
--   is_nested: true when the root's job is a step of another root's tree
--   top_root_job_id: the root that is not nested and holds this one; the root itself when it is not nested; of several,
--     the smallest id, and one in no other tree before one of a cycle
--   path_prefix: path of the root in the top root's tree, '' when it is not nested
--   depth_offset: depth of the root in the top root's tree, 0 when it is not nested
--   hop_count: number of other nested roots between the root and the top root
-- The places where the jobs of roots are inside other roots' trees. There are none when no root is a step of another.
WITH RECURSIVE occurrences AS MATERIALIZED (
    SELECT
        roots.source,
        roots.root_job_id,
        nodes.root_job_id AS container_id,
        min(nodes.path) AS path,
        arg_min(nodes.depth, nodes.path) AS depth
    FROM core.jobs AS roots
    INNER JOIN core.jobs AS nodes
        ON roots.source = nodes.source AND roots.job_id = nodes.job_id
    WHERE roots.depth = 0 AND nodes.depth > 0 AND roots.root_job_id != nodes.root_job_id
    GROUP BY roots.source, roots.root_job_id, nodes.root_job_id
),

-- All that a root in no other tree contains, directly or through other nested roots.
below_tops AS (
    SELECT
        occurrences.source,
        occurrences.root_job_id,
        occurrences.container_id AS top_root_job_id
    FROM occurrences
    LEFT JOIN occurrences AS further
        ON occurrences.source = further.source AND occurrences.container_id = further.root_job_id
    WHERE further.source IS NULL
    UNION
    SELECT
        occurrences.source,
        occurrences.root_job_id,
        below_tops.top_root_job_id
    FROM below_tops
    INNER JOIN occurrences
        ON below_tops.source = occurrences.source AND below_tops.root_job_id = occurrences.container_id
),

-- The other nested roots are in cycles or below them. UNION drops pairs that were seen before, so that cycles end.
reaches AS (
    SELECT
        occurrences.source,
        occurrences.root_job_id,
        occurrences.container_id
    FROM occurrences
    LEFT JOIN below_tops
        ON occurrences.source = below_tops.source AND occurrences.root_job_id = below_tops.root_job_id
    WHERE below_tops.source IS NULL
    UNION
    SELECT
        reaches.source,
        reaches.root_job_id,
        occurrences.container_id
    FROM reaches
    INNER JOIN occurrences
        ON reaches.source = occurrences.source AND reaches.container_id = occurrences.root_job_id
),

-- In a cycle a root stays on top only when everything that it reaches also reaches it and has a larger id.
nested_in_cycles AS (
    SELECT DISTINCT
        onward.source,
        onward.root_job_id
    FROM reaches AS onward
    LEFT JOIN reaches AS back
        ON
            onward.source = back.source
            AND onward.container_id = back.root_job_id
            AND onward.root_job_id = back.container_id
    WHERE back.source IS NULL OR onward.container_id < onward.root_job_id
),

nested AS (
    SELECT
        source,
        root_job_id,
        min(top_root_job_id) AS top_root_job_id
    FROM below_tops
    GROUP BY source, root_job_id
    UNION ALL
    SELECT
        nested_in_cycles.source,
        nested_in_cycles.root_job_id,
        min(reaches.container_id) AS top_root_job_id
    FROM nested_in_cycles
    INNER JOIN reaches
        ON nested_in_cycles.source = reaches.source AND nested_in_cycles.root_job_id = reaches.root_job_id
    LEFT JOIN nested_in_cycles AS containers
        ON reaches.source = containers.source AND reaches.container_id = containers.root_job_id
    WHERE containers.source IS NULL
    GROUP BY nested_in_cycles.source, nested_in_cycles.root_job_id
),

direct AS (
    SELECT
        nested.source,
        nested.root_job_id,
        nested.top_root_job_id,
        occurrences.path,
        occurrences.depth
    FROM nested
    LEFT JOIN occurrences
        ON
            nested.source = occurrences.source
            AND nested.root_job_id = occurrences.root_job_id
            AND nested.top_root_job_id = occurrences.container_id
),

-- A shortest way passes each nested root at most once. Their number therefore bounds the walk, also in cycles.
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
    INNER JOIN occurrences
        ON walks.source = occurrences.source AND walks.root_job_id = occurrences.container_id
    INNER JOIN direct
        ON
            occurrences.source = direct.source
            AND occurrences.root_job_id = direct.root_job_id
            AND walks.top_root_job_id = direct.top_root_job_id
    WHERE direct.path IS NULL AND walks.hop_count < (SELECT count(*) FROM nested)
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
