-- A source whose root jobs count other steps than it has, whose steps lack a place, or whose leaves and starts before
-- parents are not those of core.jobs and of the findings. A relocated job may make its parent no leaf, and may have no
-- parent in the tree.
-- table: marts.steps
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH steps AS (
    SELECT
        source,
        count(*) AS step_count,
        count(root_job_id) AS rooted_count,
        count(path) AS placed_count,
        count(*) FILTER (WHERE is_finished) AS finished_count,
        count(*) FILTER (WHERE phase = 'Failed') AS failed_count,
        max(depth) AS max_depth,
        count(*) FILTER (WHERE is_leaf) AS leaf_count,
        count(*) FILTER (WHERE is_before_parent) AS early_count
    FROM marts.steps
    GROUP BY source
),

roots AS (
    SELECT
        source,
        sum(step_count) AS step_count,
        sum(finished_step_count) AS finished_count,
        sum(failed_step_count) AS failed_count,
        max(max_depth) AS max_depth
    FROM marts.root_jobs
    GROUP BY source
),

sent AS (
    SELECT
        jobs.source,
        count(*) FILTER (WHERE jobs.is_leaf) AS leaf_count,
        count(relocated.source) AS relocated_count
    FROM core.jobs AS jobs
    LEFT JOIN core.root_placements AS nested
        ON jobs.source = nested.source AND jobs.root_job_id = nested.root_job_id AND nested.is_nested
    LEFT JOIN core.relocated_jobs AS relocated
        ON
            jobs.source = relocated.source
            AND jobs.root_job_id = relocated.core_root_job_id
            AND jobs.path = relocated.core_path
    WHERE jobs.depth > 0 AND (nested.source IS NULL OR relocated.source IS NOT NULL)
    GROUP BY jobs.source
),

findings AS (
    SELECT
        source,
        count(*) AS early_count
    FROM intermediate.hierarchy_findings
    WHERE finding = 'child_before_parent'
    GROUP BY source
)

SELECT
    roots.source,
    roots.step_count AS step_count_of_roots,
    steps.*,
    sent.leaf_count AS sent_leaf_count,
    sent.relocated_count
FROM roots
LEFT JOIN steps ON roots.source = steps.source
LEFT JOIN sent ON roots.source = sent.source
LEFT JOIN findings ON roots.source = findings.source
WHERE
    roots.step_count != coalesce(steps.step_count, 0)
    OR roots.finished_count != coalesce(steps.finished_count, 0)
    OR roots.failed_count != coalesce(steps.failed_count, 0)
    OR roots.max_depth != coalesce(steps.max_depth, 0)
    OR least(steps.rooted_count, steps.placed_count) < steps.step_count
    OR steps.leaf_count NOT BETWEEN sent.leaf_count - sent.relocated_count AND sent.leaf_count
    OR abs(steps.early_count - coalesce(findings.early_count, 0)) > sent.relocated_count
