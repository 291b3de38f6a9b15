"""raw.clusters: a new row only when something changed."""

from pathlib import Path

import msgspec

from cce_etl.warehouse.clusters import ClusterRow, append_changed_clusters
from cce_etl.warehouse.connection import open_warehouse

BLUE = ClusterRow("c1", "blue", "v1.28", "cce.s1.small", "VirtualMachine", ["a", "b"], 7, "7")


def test_a_cluster_seen_again_unchanged_adds_no_row_and_a_changed_one_does(tmp_path: Path) -> None:
    upgraded = msgspec.structs.replace(BLUE, version="v1.29")
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        counts = [
            append_changed_clusters(connection, "s", clusters, at)
            for at, clusters in enumerate([[BLUE], [BLUE], [upgraded], [upgraded], [BLUE], []], start=1)
        ]
        seen = connection.execute("SELECT version, epoch_ns(observed_at) FROM raw.clusters ORDER BY 2").fetchall()
    assert counts == [1, 0, 1, 0, 1, 0]
    assert seen == [("v1.28", 1), ("v1.29", 3), ("v1.28", 5)]


def test_the_same_cluster_in_two_sources_is_two_clusters(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        assert [append_changed_clusters(connection, source, [BLUE, BLUE], 1) for source in ("s", "t")] == [1, 1]


def test_a_cluster_of_which_nothing_is_known_is_landed_once(tmp_path: Path) -> None:
    nothing = ClusterRow("c2", None, None, None, None, [], None, None)
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        assert [append_changed_clusters(connection, "s", [nothing], at) for at in (1, 2)] == [1, 0]
