/* How complete and how fresh is what I am looking at?

published_at: when this file was published, UTC
asked_count, fetched_count: ids of root jobs ever listed, and those ever answered
pending_count, running_count: ids never answered yet, and those whose job had not ended when last fetched
gone_count, failed_count: ids the API has forgotten, and those with an open failure
source: one project in one region
root_count, step_count: its root jobs and their steps
first_created_at, last_created_at: the first and last start of a root job, UTC
last_observed_at: the last look at one, UTC */
SELECT
    manifest.published_at,
    manifest.ids_asked AS asked_count,
    manifest.ids_fetched AS fetched_count,
    manifest.ids_pending AS pending_count,
    manifest.ids_running AS running_count,
    manifest.ids_gone AS gone_count,
    manifest.ids_failed AS failed_count,
    jobs.source,
    count(*) AS root_count,
    sum(jobs.step_count) AS step_count,
    min(jobs.created_at) AS first_created_at,
    max(jobs.created_at) AS last_created_at,
    max(jobs.observed_at) AS last_observed_at
FROM marts.root_jobs AS jobs
CROSS JOIN main.manifest AS manifest
GROUP BY ALL
ORDER BY jobs.source
