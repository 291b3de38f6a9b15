-- Sub-jobs of nested roots that the top root's own tree lacks, and their places in that tree. It has rows only when a
-- tree fetched by a nested root's own id is deeper than the same tree inside the top root's answer.
-- materialized: incremental
-- grain: source, core_root_job_id, core_path
-- columns:
--   source: one project in one region
--   core_root_job_id: root_job_id of the row in core.jobs
--   core_path: path of the row in core.jobs
--   root_job_id: the top root it is counted under
--   place_number: 1, or more where other jobs have the same path
--   path: path under the top root; '~' and place_number follow when that is not 1
--   depth: depth under the top root
--   parent_path: path of its parent under the top root
--   parent_job_id: the parent's id
--   sibling_number: number among the relocated jobs of one parent, from 1
WITH tops AS (
    SELECT DISTINCT
        source,
        top_root_job_id
    FROM core.root_placements
    WHERE is_nested
),

-- The id of a node without a uid is made from its tree's root. Across trees such a node is identified by its path.
held AS (
    SELECT
        tops.*,
        jobs.path,
        if(jobs.has_uid OR jobs.depth = 0, jobs.job_id, jobs.path) AS node_id
    FROM core.jobs AS jobs
    INNER JOIN tops
        ON jobs.source = tops.source AND jobs.root_job_id = tops.top_root_job_id
),

nodes AS (
    SELECT
        nested.*,
        jobs.path AS core_path,
        jobs.parent_job_id,
        nested.path_prefix || '/' || jobs.path AS new_path,
        left(new_path, -1 - length(jobs.ordinal::VARCHAR)) AS parent_path,
        nested.depth_offset + jobs.depth AS depth,
        if(jobs.has_uid, jobs.job_id, new_path) AS node_id
    FROM core.jobs AS jobs
    INNER JOIN core.root_placements AS nested
        ON jobs.source = nested.source AND jobs.root_job_id = nested.root_job_id
    WHERE jobs.depth > 0 AND nested.is_nested
),

extra AS (
    SELECT
        nodes.*,
        if(taken.source IS NULL, 0, 1) AS taken_count
    FROM nodes
    LEFT JOIN held
        ON nodes.source = held.source AND nodes.top_root_job_id = held.top_root_job_id AND nodes.node_id = held.node_id
    LEFT JOIN held AS taken
        ON nodes.source = taken.source AND nodes.top_root_job_id = taken.top_root_job_id AND nodes.new_path = taken.path
    WHERE held.source IS NULL
    QUALIFY dense_rank() OVER (
        PARTITION BY nodes.source, nodes.top_root_job_id, nodes.node_id
        ORDER BY nodes.hop_count, nodes.path_prefix, nodes.root_job_id
    ) = 1
)

SELECT
    source,
    root_job_id AS core_root_job_id,
    core_path,
    top_root_job_id AS root_job_id,
    row_number() OVER same_place + taken_count AS place_number,
    new_path || if(place_number = 1, '', '~' || place_number) AS path,
    depth,
    parent_path,
    parent_job_id,
    row_number() OVER siblings AS sibling_number
FROM extra
WINDOW
    same_place AS (PARTITION BY source, top_root_job_id, new_path ORDER BY extra.root_job_id, core_path),
    siblings AS (PARTITION BY source, top_root_job_id, parent_path, parent_job_id ORDER BY extra.root_job_id, core_path)
