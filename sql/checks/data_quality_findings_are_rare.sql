-- A kind of finding that concerns more than a tenth of a source's jobs, of at least 1,000. Then the API has probably
-- changed, or this program misreads it.
-- table: marts.data_quality_findings
-- to do: Read some of the bodies (`cce-etl sql` on core.jobs) and compare them with the finding. If the API has
--   changed, report it.
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
