-- What the API's lists said of each cluster, and from when until when it held as far as is known: what was seen first
-- holds before it was seen, what was seen last after it.
-- grain: source, cluster_id, observed_at
-- columns:
--   source: one project in one region
--   cluster_id: the cluster
--   name: its name
--   version: version of Kubernetes
--   flavor: size of its control plane
--   cluster_type: what it is made of
--   availability_zones: where its masters are, one text, in order
--   observed_at: when a list first said so, UTC
--   valid_from_at: when it began to hold, UTC; NULL for what was seen first
--   valid_until_at: when something else was seen, UTC; NULL for what was seen last
SELECT
    source,
    cluster_id,
    name,
    version,
    flavor,
    cluster_type,
    array_to_string(list_sort(availability_zones), ', ') AS availability_zones,
    observed_at,
    CASE WHEN row_number() OVER seen > 1 THEN observed_at END AS valid_from_at,
    lead(observed_at) OVER seen AS valid_until_at
FROM raw.clusters
WINDOW seen AS (PARTITION BY source, cluster_id ORDER BY observed_at)
