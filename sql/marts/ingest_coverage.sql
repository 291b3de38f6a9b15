-- How many of each source's listed ids are known, and whether failures increase. `cce-etl status --health` judges by
-- it.
-- grain: source
-- columns:
--   source: one project in one region
--   last_run_at: when its last run started, UTC; NULL when there was none
--   listed_count: number of its ids in raw.job_ids
--   final_count: of these, ids that will not change: their job has ended, is gone or cannot be read
--   answered_count: of the other ids, those answered in the last run
--   coverage_rate: (final_count + answered_count) / listed_count, 0..1; NULL when nothing is listed
--   open_letter_count: number of its open dead letters
--   earlier_letter_count: number of its dead letters that were open when the last run started
WITH last_runs AS (
    SELECT
        source,
        max(started_at) AS started_at
    FROM raw.fetch_runs
    GROUP BY source
),

ids AS (
    SELECT
        job_ids.source,
        count(*) AS listed_count,
        count(*) FILTER (WHERE job_ids.state IN ('finished', 'gone', 'dead')) AS final_count,
        count(*) FILTER (
            WHERE job_ids.state NOT IN ('finished', 'gone', 'dead')
            AND job_ids.last_fetched_at >= last_runs.started_at
        ) AS answered_count
    FROM raw.job_ids AS job_ids
    LEFT JOIN last_runs ON job_ids.source = last_runs.source
    GROUP BY job_ids.source
),

letters AS (
    SELECT
        letters.source,
        count(*) FILTER (WHERE letters.resolved_at IS NULL) AS open_letter_count,
        count(*) FILTER (
            WHERE coalesce(letters.opened_at, letters.failed_at) < last_runs.started_at
            AND (letters.resolved_at IS NULL OR letters.resolved_at >= last_runs.started_at)
        ) AS earlier_letter_count
    FROM raw.dead_letters AS letters
    LEFT JOIN last_runs ON letters.source = last_runs.source
    GROUP BY letters.source
),

sources AS (
    SELECT source FROM ids
    UNION
    SELECT source FROM letters
    UNION
    SELECT source FROM last_runs
),

counts AS (
    SELECT
        sources.source,
        last_runs.started_at AS last_run_at,
        coalesce(ids.listed_count, 0) AS listed_count,
        coalesce(ids.final_count, 0) AS final_count,
        coalesce(ids.answered_count, 0) AS answered_count,
        coalesce(letters.open_letter_count, 0) AS open_letter_count,
        coalesce(letters.earlier_letter_count, 0) AS earlier_letter_count
    FROM sources
    LEFT JOIN last_runs ON sources.source = last_runs.source
    LEFT JOIN ids ON sources.source = ids.source
    LEFT JOIN letters ON sources.source = letters.source
)

SELECT
    source,
    last_run_at,
    listed_count,
    final_count,
    answered_count,
    (final_count + answered_count) / nullif(listed_count, 0)::DOUBLE AS coverage_rate,
    open_letter_count,
    earlier_letter_count
FROM counts
