-- A reason whose figures are not the sums of its failed roots. `surplus` is 1 for what only marts.failure_reasons has,
-- -1 for what only marts.failed_roots has.
-- table: marts.failure_reasons
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH both_sides AS (
    SELECT
        source,
        job_type,
        reason_template,
        failure_count,
        root_count,
        first_failed_at,
        last_failed_at,
        round(seconds_lost, 3) AS seconds_lost,
        followed_count,
        recovered_count,
        round(recovery_rate * followed_count) AS rated_count,
        1 AS side
    FROM marts.failure_reasons
    UNION ALL
    SELECT
        source,
        job_type,
        reason_template,
        count(*) AS failure_count,
        (sum(count(*)) OVER (PARTITION BY source))::BIGINT AS root_count,
        min(failed_at) AS first_failed_at,
        max(failed_at) AS last_failed_at,
        round(sum(lost_seconds::DECIMAL(28, 9))::DOUBLE, 3) AS seconds_lost,
        count(next_root_job_id) AS followed_count,
        count(*) FILTER (WHERE next_phase = 'Success') AS recovered_count,
        CASE WHEN count(next_root_job_id) > 0 THEN count(*) FILTER (WHERE next_phase = 'Success') END AS rated_count,
        -1 AS side
    FROM marts.failed_roots
    GROUP BY source, job_type, reason_template
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
