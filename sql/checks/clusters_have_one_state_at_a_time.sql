-- A cluster with two states that are valid at the same time. A job of that time would be counted twice.
-- table: core.clusters
-- to do: Run `cce-etl replay`, which loads and builds everything again. If rows remain, this model has a defect:
--   report it.
SELECT
    one.source,
    one.cluster_id,
    one.valid_from_at,
    other.valid_from_at AS other_valid_from_at
FROM core.clusters AS one
INNER JOIN core.clusters AS other
    ON
        one.source = other.source
        AND one.cluster_id = other.cluster_id
        AND one.observed_at <= other.observed_at
        AND coalesce(one.valid_until_at > other.valid_from_at, TRUE)
WHERE one.rowid != other.rowid
