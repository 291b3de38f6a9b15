-- A source with more or fewer findings about ids and phases than its root jobs, steps and core.jobs give reason for: -1
-- for each that is missing here; an id found more or less often than it is said to stand.
-- table: intermediate.identity_findings
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
    LEFT JOIN core.relocated_jobs AS moved
        ON jobs.source = moved.source AND jobs.root_job_id = moved.core_root_job_id AND jobs.path = moved.core_path
    WHERE NOT jobs.has_uid AND (nested.source IS NULL OR moved.source IS NOT NULL)
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
