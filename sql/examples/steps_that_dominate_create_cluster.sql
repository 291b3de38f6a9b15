/* Which steps make CreateCluster take as long as it does?

source, job_type: the kind of step
step_count, root_count: such steps, and the finished CreateCluster jobs they are in
held_seconds: time those jobs waited for these steps alone and nothing below them, seconds
critical_path_share: the same as a share of the time of all finished CreateCluster jobs, 0..1; what the shares lack to 1
  is the root's own time
median_seconds: median duration of those that succeeded, seconds */
WITH totals AS (
    SELECT
        source,
        sum(duration_seconds::DECIMAL(28, 9)) AS root_seconds
    FROM marts.root_jobs
    WHERE job_type = 'CreateCluster' AND critical_self_seconds IS NOT NULL
    GROUP BY source
)

SELECT
    steps.source,
    steps.job_type,
    count(*) AS step_count,
    count(DISTINCT steps.root_job_id) AS root_count,
    sum(steps.critical_self_seconds::DECIMAL(28, 9)) AS held_seconds,
    held_seconds / nullif(totals.root_seconds, 0) AS critical_path_share,
    median(steps.duration_seconds) FILTER (WHERE steps.phase = 'Success') AS median_seconds
FROM marts.steps AS steps
INNER JOIN totals ON steps.source = totals.source
WHERE steps.root_job_type = 'CreateCluster' AND steps.critical_self_seconds IS NOT NULL
GROUP BY steps.source, steps.job_type, totals.root_seconds
ORDER BY critical_path_share DESC, steps.source ASC, steps.job_type ASC
