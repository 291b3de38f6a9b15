-- A source with another number of clock findings than its root jobs, its steps and the timestamps as sent give reason
-- for. `surplus` is 1 for what only the findings has, -1 for what only the jobs has.
-- table: intermediate.clock_findings
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
-- Each clock has its own scan: with a filter on one column alone, DuckDB does not read the texts of other rows.
WITH unread AS (
    SELECT
        *,
        coalesce(ltrim(created_text), '') AS unread_text
    FROM core.jobs
    WHERE created_at IS NULL
    UNION ALL
    SELECT
        *,
        coalesce(ltrim(updated_text), '') AS unread_text
    FROM core.jobs
    WHERE updated_at IS NULL
),

texts AS (
    SELECT
        jobs.source,
        coalesce(jobs.canonical_phase, '') = 'Initializing' AS is_initializing,
        jobs.unread_text = '' OR starts_with(jobs.unread_text, '0001-01-01') AS is_missing
    FROM unread AS jobs
    LEFT JOIN core.root_placements AS nested
        ON jobs.source = nested.source AND jobs.root_job_id = nested.root_job_id AND nested.is_nested
    LEFT JOIN core.relocated_jobs AS relocated
        ON
            jobs.source = relocated.source
            AND jobs.root_job_id = relocated.core_root_job_id
            AND jobs.path = relocated.core_path
    WHERE nested.source IS NULL OR relocated.source IS NOT NULL
),

both_sides AS (
    SELECT
        source,
        finding,
        1 AS side
    FROM intermediate.clock_findings
    UNION ALL
    SELECT
        source,
        'ended_before_started' AS finding,
        -1 AS side
    FROM marts.steps
    WHERE is_ended_before_started
    UNION ALL
    SELECT
        source,
        'ended_before_started' AS finding,
        -1 AS side
    FROM marts.root_jobs
    WHERE ended_at < created_at
    UNION ALL
    SELECT
        steps.source,
        'running_in_finished_root' AS finding,
        -1 AS side
    FROM marts.running_steps AS steps
    INNER JOIN marts.root_jobs AS roots
        ON steps.source = roots.source AND steps.root_job_id = roots.job_id AND roots.is_finished
    WHERE steps.phase = 'Running'
    UNION ALL
    SELECT
        source,
        if(is_missing, 'missing_timestamp', 'unparsable_timestamp') AS finding,
        -1 AS side
    FROM texts
    WHERE NOT (is_missing AND is_initializing)
)

SELECT
    source,
    finding,
    sum(side) AS surplus
FROM both_sides
GROUP BY source, finding
HAVING sum(side) != 0
