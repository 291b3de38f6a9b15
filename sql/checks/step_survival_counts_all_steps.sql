-- A step type whose curve does not start with all steps that marts.step_durations counts, or does not end with none
-- left. `surplus` is 1 for what only marts.step_survival has, -1 for what only marts.step_durations has.
-- table: marts.step_survival
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        job_type,
        max(at_risk_count) AS lifetime_count,
        sum(succeeded_count + failed_count)::BIGINT AS event_count,
        sum(censored_count)::BIGINT AS censored_count,
        1 AS side
    FROM marts.step_survival
    GROUP BY source, job_type
    UNION ALL
    SELECT
        source,
        job_type,
        km_event_count + km_censored_count AS lifetime_count,
        km_event_count AS event_count,
        km_censored_count AS censored_count,
        -1 AS side
    FROM marts.step_durations
    WHERE km_event_count + km_censored_count > 0
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
