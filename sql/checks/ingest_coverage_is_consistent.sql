-- A source whose coverage rate is not the quotient of its counts, or that had more open dead letters before the last
-- run than it has dead letters.
-- table: marts.ingest_coverage
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
WITH letters AS (
    SELECT
        source,
        count(*) AS letter_count
    FROM raw.dead_letters
    GROUP BY source
)

SELECT
    coverage.source,
    coverage.listed_count,
    coverage.final_count,
    coverage.answered_count,
    coverage.coverage_rate,
    coverage.earlier_letter_count,
    letters.letter_count
FROM marts.ingest_coverage AS coverage
LEFT JOIN letters ON coverage.source = letters.source
WHERE
    round(coverage.coverage_rate * coverage.listed_count)
    IS DISTINCT FROM CASE WHEN coverage.listed_count > 0 THEN coverage.final_count + coverage.answered_count END
    OR coverage.earlier_letter_count > coalesce(letters.letter_count, 0)
