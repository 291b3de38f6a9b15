-- Something a list said of a cluster that does not stand here, or not from when until when it held. 1: only here, -1:
-- only in raw.clusters.
-- table: core.clusters
WITH both_sides AS (
    SELECT
        source,
        cluster_id,
        version,
        observed_at,
        valid_from_at,
        valid_until_at,
        1 AS side
    FROM core.clusters
    UNION ALL
    SELECT
        source,
        cluster_id,
        version,
        observed_at,
        nullif(observed_at, min(observed_at) OVER seen) AS valid_from_at,
        min(observed_at) OVER (seen ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS valid_until_at,
        -1 AS side
    FROM raw.clusters
    WINDOW seen AS (PARTITION BY source, cluster_id ORDER BY observed_at)
)

SELECT
    COLUMNS(* EXCLUDE (side)),
    sum(side) AS surplus
FROM both_sides
GROUP BY ALL
HAVING sum(side) != 0
