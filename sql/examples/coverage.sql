/* How complete and how fresh is what I am looking at?

published_at: when this file was published, UTC
asked_count, fetched_count: ids of root jobs ever listed, and those ever answered
pending_count, running_count: ids never answered yet, and those whose job had not ended when last fetched
gone_count, failed_count: ids the API has forgotten, and those with an open failure
source_count, root_count, step_count: sources, root jobs and steps in this file
first_created_at, last_created_at: the first and last start of a root job, UTC
last_observed_at: the last look at one, UTC */
SELECT
    any_value(manifest.published_at) AS published_at,
    any_value(manifest.ids_asked) AS asked_count,
    any_value(manifest.ids_fetched) AS fetched_count,
    any_value(manifest.ids_pending) AS pending_count,
    any_value(manifest.ids_running) AS running_count,
    any_value(manifest.ids_gone) AS gone_count,
    any_value(manifest.ids_failed) AS failed_count,
    count(DISTINCT jobs.source) AS source_count,
    count(jobs.job_id) AS root_count,
    coalesce(sum(jobs.step_count), 0) AS step_count,
    min(jobs.created_at) AS first_created_at,
    max(jobs.created_at) AS last_created_at,
    max(jobs.observed_at) AS last_observed_at
FROM main.manifest AS manifest
LEFT JOIN marts.root_jobs AS jobs ON TRUE
