-- How much of what each source lists is known, and whether failures grow: what `cce-etl status --health` judges.
-- grain: source
-- columns:
--   source: one project in one region
--   last_run_at: when its last run started, UTC; NULL when there was none
--   listed_count: ids known of it
--   final_count: of these, ids of which no more is to come: their job ended, is gone or cannot be read
--   answered_count: of the others, those answered in the last run
--   coverage_rate: (final_count + answered_count) / listed_count, 0..1; NULL when nothing is listed
--   open_letter_count: its open dead letters
--   earlier_letter_count: its dead letters that were open when the last run started
SELECT
    source,
    last_run_at,
    listed_count,
    final_count,
    answered_count,
    (final_count + answered_count) / nullif(listed_count, 0)::DOUBLE AS coverage_rate,
    open_letter_count,
    earlier_letter_count
FROM core.ingest_coverage
