/* On which clusters do jobs take the longest, compared with jobs of the same type elsewhere?

source, cluster_id: the cluster
root_count: root jobs on it that succeeded, of at least 5
median_ratio: median over these of duration / median duration of the same job type; 2 is twice as long as usual
total_seconds: what they took together, seconds */
WITH root_jobs AS (
    SELECT
        source,
        cluster_id,
        duration_seconds,
        duration_seconds / nullif(median(duration_seconds) OVER (PARTITION BY source, job_type), 0) AS ratio
    FROM marts.root_jobs
    WHERE phase = 'Success' AND duration_seconds >= 0
)

SELECT
    source,
    cluster_id,
    count(*) AS root_count,
    median(ratio) AS median_ratio,
    sum(duration_seconds::DECIMAL(28, 9)) AS total_seconds
FROM root_jobs
WHERE cluster_id IS NOT NULL
GROUP BY source, cluster_id
HAVING count(*) >= 5
ORDER BY median_ratio DESC, source ASC, cluster_id ASC
LIMIT 20
