-- The states of each cluster that the API's lists reported, each with the time from which and until which it is valid.
-- The first state is valid before it was seen, the last one after it.
-- grain: source, cluster_id, observed_at
-- columns:
--   source: one project in one region
--   cluster_id: the cluster
--   name: its name
--   version: version of Kubernetes
--   flavor: size of its control plane
--   cluster_type: type as sent, such as VirtualMachine
--   availability_zones: where its masters are, sorted and joined by ', '
--   observed_at: when a list first reported the state, UTC
--   valid_from_at: from when on the state is valid, UTC; NULL for the first state
--   valid_until_at: until when it is valid, UTC: when another state was seen; NULL for the last state
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
