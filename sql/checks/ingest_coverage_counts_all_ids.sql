-- A source whose counts of ids, dead letters or last run are not those of the raw tables. `surplus` is 1 for what only
-- marts.ingest_coverage has, -1 for what only raw has.
-- table: marts.ingest_coverage
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH last_runs AS (
    SELECT
        source,
        max(started_at) AS last_run_at
    FROM raw.fetch_runs
    GROUP BY source
),

facts AS (
    SELECT
        job_ids.source,
        1 AS listed_count,
        (job_ids.state IN ('finished', 'gone', 'dead'))::INTEGER AS final_count,
        coalesce(
            job_ids.state NOT IN ('finished', 'gone', 'dead') AND job_ids.last_fetched_at >= last_runs.last_run_at,
            FALSE
        )::INTEGER AS answered_count,
        0 AS open_letter_count
    FROM raw.job_ids AS job_ids
    LEFT JOIN last_runs ON job_ids.source = last_runs.source
    UNION ALL
    SELECT
        source,
        0 AS listed_count,
        0 AS final_count,
        0 AS answered_count,
        (resolved_at IS NULL)::INTEGER AS open_letter_count
    FROM raw.dead_letters
    UNION ALL
    SELECT
        source,
        0 AS listed_count,
        0 AS final_count,
        0 AS answered_count,
        0 AS open_letter_count
    FROM last_runs
),

both_sides AS (
    SELECT
        source,
        last_run_at,
        listed_count,
        final_count,
        answered_count,
        open_letter_count,
        1 AS side
    FROM marts.ingest_coverage
    UNION ALL
    SELECT
        facts.source,
        any_value(last_runs.last_run_at) AS last_run_at,
        sum(facts.listed_count) AS listed_count,
        sum(facts.final_count) AS final_count,
        sum(facts.answered_count) AS answered_count,
        sum(facts.open_letter_count) AS open_letter_count,
        -1 AS side
    FROM facts
    LEFT JOIN last_runs ON facts.source = last_runs.source
    GROUP BY facts.source
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
