-- A source that does not stand here as core.ingest_coverage has it, with a rate that is not its counts', or with more
-- dead letters open before the last run than there are. 1: only here, -1: only there.
-- table: marts.ingest_coverage
WITH letters AS (
    SELECT
        source,
        count(*) AS letter_count
    FROM raw.dead_letters
    GROUP BY source
),

both_sides AS (
    SELECT
        * EXCLUDE (coverage_rate),
        round(coverage_rate * listed_count) AS covered_count,
        TRUE AS is_possible,
        1 AS side
    FROM marts.ingest_coverage
    UNION ALL BY NAME
    SELECT
        coverage.*,
        CASE WHEN coverage.listed_count > 0 THEN coverage.final_count + coverage.answered_count END AS covered_count,
        coverage.earlier_letter_count <= coalesce(letters.letter_count, 0) AS is_possible,
        -1 AS side
    FROM core.ingest_coverage AS coverage
    LEFT JOIN letters ON coverage.source = letters.source
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
