/* How often did one step fail, day by day?

source, created_on: the UTC day the steps started on
finished_count: steps that finished
failed_count, failure_rate: those that failed, also because a step below them did
blamed_count, blamed_rate: those that the job's failure is blamed on
blamed_rate_low, blamed_rate_high: the 95 % interval of that rate, 0..1
The step is the one with the most blame; put your own in its place: WHERE job_type = 'InstallNode' */
SELECT
    source,
    created_on,
    finished_count,
    failed_count,
    failure_rate,
    blamed_count,
    blamed_rate,
    blamed_rate_low,
    blamed_rate_high
FROM marts.step_failure_rates_daily
WHERE
    finished_count > 0
    AND job_type = (
        SELECT rates.job_type
        FROM marts.step_failure_rates AS rates
        GROUP BY rates.job_type
        ORDER BY sum(rates.blamed_count) DESC, rates.job_type ASC
        LIMIT 1
    )
ORDER BY source, created_on
