-- A kind of finding about more than a tenth of a source's jobs, of 1,000 at least: less a flaw of some jobs than
-- something the API has changed, or that this program misreads.
-- table: marts.data_quality_findings
-- severity: warning
WITH totals AS (
    SELECT
        source,
        count(*) AS job_count
    FROM intermediate.all_jobs
    GROUP BY source
)

SELECT
    findings.source,
    findings.finding,
    count(DISTINCT findings.job_id) AS affected_count,
    totals.job_count
FROM marts.data_quality_findings AS findings
INNER JOIN totals ON findings.source = totals.source
WHERE totals.job_count >= 1000
GROUP BY findings.source, findings.finding, totals.job_count
HAVING affected_count > 0.1 * totals.job_count
