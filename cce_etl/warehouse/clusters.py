"""raw.clusters: what the API's lists said about each cluster, with a new row when something changed."""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from cce_etl.warehouse.arrow import TEXT, TIME, arrow_table
from cce_etl.warehouse.connection import Connection


class ClusterRow(msgspec.Struct, frozen=True):
    """A cluster as the API listed it; `created_at` is in ns since 1970 UTC, None when its text cannot be read."""

    cluster_id: str
    name: str | None
    version: str | None
    flavor: str | None
    cluster_type: str | None
    availability_zones: list[str]
    created_at: int | None
    created_text: str | None


def append_changed_clusters(
    connection: Connection, source: str, clusters: Sequence[ClusterRow], observed_at: int
) -> int:
    """Write the clusters that differ from their latest rows, and return how many."""
    latest = {cluster.cluster_id: cluster for cluster in clusters}.values()
    types = dict.fromkeys(ClusterRow.__struct_fields__, TEXT) | {
        "availability_zones": pa.list_(TEXT),
        "created_at": TIME,
    }
    connection.register("incoming", arrow_table(latest, **types))
    same = " AND ".join(f"seen.{name} IS NOT DISTINCT FROM incoming.{name}" for name in ClusterRow.__struct_fields__)
    added = connection.execute(
        f"""
        INSERT INTO raw.clusters BY NAME
        SELECT $1 AS source, incoming.*, make_timestamp_ns($2) AS observed_at FROM incoming
        WHERE NOT EXISTS (
            FROM (
                FROM raw.clusters WHERE source = $1
                QUALIFY row_number() OVER (PARTITION BY cluster_id ORDER BY observed_at DESC) = 1
            ) AS seen
            WHERE {same}
        )
        """,
        [source, observed_at],
    ).fetchone()
    return int(added[0]) if added else 0
