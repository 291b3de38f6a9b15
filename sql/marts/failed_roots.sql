-- Every failed root job with the job that its failure is blamed on: why and when that job failed, how long the root had
-- run by then, and how the next job on the same resource ended.
-- grain: source, root_job_id
-- columns:
--   source: one project in one region
--   root_job_id: a root job in phase Failed
--   root_job_type: what the root does
--   cluster_id: the cluster the root works on
--   resource_id: the resource the root works on
--   path: path of the blamed job, '' for the root itself
--   job_type: what the blamed job does
--   reason: the blamed job's reason; the root's when the blamed job's says nothing
--   reason_template: the template of that reason; '(no reason given)' when neither has one
--   failed_at: when the blamed job ended, UTC; when the root ended if that is not known
--   lost_seconds: seconds from the root's start to the blamed job's end; 0 when the end is before the start, NULL when
--     one is missing
--   next_root_job_id: the first finished root job of the same source, type, cluster and resource that started after
--     this root ended; NULL without one, or when the root names neither cluster nor resource
--   next_phase: its phase, Success or Failed
WITH failures AS (
    SELECT
        roots.*,
        causes.path AS blamed_path,
        causes.job_type AS blamed_job_type,
        causes.ended_at AS blamed_ended_at,
        if(blamed_templates.reason_template IS NULL, roots.reason, causes.reason) AS chosen_reason,
        coalesce(
            blamed_templates.reason_template, root_templates.reason_template, '(no reason given)'
        ) AS reason_template
    FROM core.failure_causes AS causes
    INNER JOIN core.root_jobs AS roots
        ON causes.source = roots.source AND causes.root_job_id = roots.job_id
    LEFT JOIN intermediate.reason_templates AS blamed_templates ON causes.reason = blamed_templates.reason
    LEFT JOIN intermediate.reason_templates AS root_templates ON roots.reason = root_templates.reason
),

-- One job for each instant: of several that start at the same time, the one with the smallest id.
finished AS (
    SELECT
        source,
        job_type,
        coalesce(cluster_id, '') AS cluster_key,
        coalesce(resource_id, '') AS resource_key,
        created_at,
        min(job_id) AS job_id,
        arg_min(phase, job_id) AS phase
    FROM core.root_jobs
    WHERE is_finished AND created_at IS NOT NULL AND cluster_key || resource_key != ''
    GROUP BY ALL
)

SELECT
    failures.source,
    failures.job_id AS root_job_id,
    failures.job_type AS root_job_type,
    failures.cluster_id,
    failures.resource_id,
    failures.blamed_path AS path,
    failures.blamed_job_type AS job_type,
    nullif(failures.chosen_reason, '') AS reason,
    failures.reason_template,
    coalesce(failures.blamed_ended_at, failures.ended_at) AS failed_at,
    -- greatest(0, ...) would return 0 for a missing clock too.
    CASE
        WHEN failures.blamed_ended_at < failures.created_at THEN 0
        ELSE (epoch_ns(failures.blamed_ended_at)::HUGEINT - epoch_ns(failures.created_at)) / 1e9
    END AS lost_seconds,
    finished.job_id AS next_root_job_id,
    finished.phase AS next_phase
FROM failures
ASOF LEFT JOIN finished
    ON
        failures.source = finished.source
        AND coalesce(failures.job_type, '') = coalesce(finished.job_type, '')
        AND coalesce(failures.cluster_id, '') = finished.cluster_key
        AND coalesce(failures.resource_id, '') = finished.resource_key
        AND coalesce(failures.ended_at, failures.created_at) <= finished.created_at
