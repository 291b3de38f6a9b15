-- A state of a cluster that is in core.clusters but not in raw.clusters, or the reverse, or that has other times of
-- validity. `surplus` is 1 for what only core.clusters has, -1 for what only raw.clusters has.
-- table: core.clusters
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
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
