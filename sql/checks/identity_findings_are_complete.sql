-- A source with another number of findings about ids and phases than its jobs give reason for, or an id that occurs
-- more or less often than its finding says. `surplus` is 1 for what only the findings has, -1 for what only the jobs
-- has.
-- table: intermediate.identity_findings
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        finding,
        NULL AS job_id,
        1 AS side
    FROM intermediate.identity_findings
    WHERE finding != 'duplicate_job_id'
    UNION ALL
    SELECT
        source,
        'unknown_phase' AS finding,
        NULL AS job_id,
        -1 AS side
    FROM intermediate.all_jobs
    WHERE coalesce(phase, '') NOT IN ('Initializing', 'Running', 'Success', 'Failed')
    UNION ALL
    SELECT
        jobs.source,
        'missing_uid' AS finding,
        NULL AS job_id,
        -1 AS side
    FROM core.jobs AS jobs
    LEFT JOIN core.root_placements AS nested
        ON jobs.source = nested.source AND jobs.root_job_id = nested.root_job_id AND nested.is_nested
    LEFT JOIN core.relocated_jobs AS relocated
        ON
            jobs.source = relocated.source
            AND jobs.root_job_id = relocated.core_root_job_id
            AND jobs.path = relocated.core_path
    WHERE NOT jobs.has_uid AND (nested.source IS NULL OR relocated.source IS NOT NULL)
    UNION ALL
    SELECT
        source,
        finding,
        job_id,
        count(path) - max(split_part(detail, ' ', 1)::BIGINT) AS side
    FROM intermediate.identity_findings
    WHERE finding = 'duplicate_job_id'
    GROUP BY source, finding, job_id
)

SELECT
    source,
    finding,
    job_id,
    sum(side) AS surplus
FROM both_sides
GROUP BY source, finding, job_id
HAVING sum(side) != 0
