-- Where the jobs of roots appear inside other roots' trees; empty when no id asked for is a step of another tree.
-- by tree: in passing
-- grain: source, root_job_id, container_id
-- columns:
--   source: one project in one region
--   root_job_id: the root whose job appears elsewhere
--   container_id: root_job_id of the other tree
--   path: smallest path, as text, of the job in that tree
--   depth: depth at that path
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
