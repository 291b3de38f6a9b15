"""The states of a cluster, and from when until when each is valid."""

from typing import Any

SEEN = """
INSERT INTO raw.clusters (source, cluster_id, version, availability_zones, observed_at)
SELECT 's', cluster_id, version, zones, make_timestamp_ns(seconds * 1_000_000_000::BIGINT)
FROM (VALUES ('c', 'v1.27', ['b', 'a'], 100), ('c', 'v1.28', ['a', 'b'], 300), ('d', 'v1.29', NULL, 200))
    AS seen (cluster_id, version, zones, seconds)
"""


def test_what_was_seen_first_holds_before_and_what_was_seen_last_after(build: Any) -> None:
    warehouse = build()
    warehouse.connection.execute(SEEN)
    rows = warehouse.rows(
        """SELECT cluster_id, version, availability_zones,
            epoch_ns(valid_from_at) // 1_000_000_000, epoch_ns(valid_until_at) // 1_000_000_000
        FROM core.clusters ORDER BY cluster_id, observed_at"""
    )
    assert rows == [
        ("c", "v1.27", "a, b", None, 300),
        ("c", "v1.28", "a, b", 300, None),
        ("d", "v1.29", None, None, None),
    ]
