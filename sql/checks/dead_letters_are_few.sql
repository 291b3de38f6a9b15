-- A kind of failure for which more than a twentieth of a source's ids, and at least 20, have an open dead letter.
-- table: raw.dead_letters
-- to do: Look at them with `cce-etl dead-letters`, remove the cause, and try them again with `cce-etl dead-letters
--   --retry`.
-- severity: warning
WITH totals AS (
    SELECT
        source,
        count(*) AS id_count
    FROM raw.job_ids
    GROUP BY source
)

SELECT
    letters.source,
    letters.kind,
    count(DISTINCT letters.job_id) AS failing_count,
    totals.id_count,
    any_value(letters.message) AS example
FROM raw.dead_letters AS letters
INNER JOIN totals ON letters.source = totals.source
WHERE letters.resolved_at IS NULL
GROUP BY letters.source, letters.kind, totals.id_count
HAVING failing_count >= 20 AND failing_count > 0.05 * totals.id_count
