-- Roots that are steps of another root's tree, directly or through other nested roots, and the root on top of them.
-- Of roots that only contain each other, the one with the smallest id stays on top and is not listed.
-- by tree: in passing
-- grain: source, root_job_id
-- columns:
--   source: one project in one region
--   root_job_id: the nested root
--   top_root_job_id: the root on top; of several, the smallest id, one in no other tree before one of a cycle
WITH RECURSIVE below_tops AS (
    SELECT
        occurrences.source,
        occurrences.root_job_id,
        occurrences.container_id AS top_root_job_id
    FROM core.root_occurrences AS occurrences
    LEFT JOIN core.root_occurrences AS further
        ON occurrences.source = further.source AND occurrences.container_id = further.root_job_id
    WHERE further.source IS NULL
    UNION
    SELECT
        occurrences.source,
        occurrences.root_job_id,
        below_tops.top_root_job_id
    FROM below_tops
    INNER JOIN core.root_occurrences AS occurrences
        ON below_tops.source = occurrences.source AND below_tops.root_job_id = occurrences.container_id
),

-- What no such top holds lies in or below cycles. UNION drops pairs seen before, and pairs are finite: cycles end.
reaches AS (
    SELECT
        occurrences.source,
        occurrences.root_job_id,
        occurrences.container_id
    FROM core.root_occurrences AS occurrences
    LEFT JOIN below_tops
        ON occurrences.source = below_tops.source AND occurrences.root_job_id = below_tops.root_job_id
    WHERE below_tops.source IS NULL
    UNION
    SELECT
        reaches.source,
        reaches.root_job_id,
        occurrences.container_id
    FROM reaches
    INNER JOIN core.root_occurrences AS occurrences
        ON reaches.source = occurrences.source AND reaches.container_id = occurrences.root_job_id
),

-- There a root stays on top only when everything it reaches leads back to it and has a larger id.
nested AS (
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
)

SELECT
    source,
    root_job_id,
    min(top_root_job_id) AS top_root_job_id
FROM below_tops
GROUP BY source, root_job_id
UNION ALL
SELECT
    nested.source,
    nested.root_job_id,
    min(reaches.container_id) AS top_root_job_id
FROM nested
INNER JOIN reaches
    ON nested.source = reaches.source AND nested.root_job_id = reaches.root_job_id
LEFT JOIN nested AS containers
    ON reaches.source = containers.source AND reaches.container_id = containers.root_job_id
WHERE containers.source IS NULL
GROUP BY nested.source, nested.root_job_id
