-- A kind of failure that more than a twentieth of a source's ids have an open dead letter of, 20 ids at least.
-- table: raw.dead_letters
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
