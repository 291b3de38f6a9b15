"""Versions of what is served: who is attached moves on with them, and what cannot be read is not served."""

from pathlib import Path

import duckdb
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.publish.server import server
from cce_etl.warehouse.lake import load_extensions
from tests.publish.analyst import TOKEN, Analyst, listener_of, publish
from tests.warehouse.lakes import needs_extensions

pytestmark = needs_extensions


def test_a_newer_version_is_served_to_who_is_attached_already(analyst: Analyst, tmp_path: Path) -> None:
    path, listener = tmp_path / "published.duckdb", listener_of()
    publish(path, 3, "CREATE TABLE marts.gone AS SELECT 1 AS n")
    with server(path, listener) as refresh:
        analyst.attach(listener)
        assert analyst.says("FROM cce.marts.gone") == [[1]]
        for steps in (4, 5, 6):
            publish(path, steps, "CREATE TABLE marts.fresh AS SELECT 7 AS n")
            assert analyst.says("FROM cce.manifest") == [[steps - 1]]
            refresh()
            assert analyst.says("FROM cce.manifest") == [[steps]]
            assert analyst.says("SELECT count(*) FROM cce.marts.steps") == [[steps]]
        assert "does not exist" in analyst.says("FROM cce.marts.gone")
        assert analyst.sends("FROM marts.fresh") == [[7]]
        assert analyst.says("CALL quack_clear_cache()") == []
        assert analyst.says("FROM cce.marts.fresh") == [[7]]


def test_a_result_half_read_is_of_one_version(tmp_path: Path) -> None:
    path, listener = tmp_path / "published.duckdb", listener_of()
    publish(path, 100_000)
    with server(path, listener) as refresh, duckdb.connect() as client:
        load_extensions(client, "httpfs", "quack")
        client.execute(f"ATTACH '{listener.address}' AS cce (TOKEN '{TOKEN}')")
        reading = client.execute("FROM cce.marts.steps")
        assert reading.fetchone() is not None
        for steps in (1, 2, 3):
            publish(path, steps)
            refresh()
        assert len(reading.fetchall()) == 99_999
        assert client.execute("FROM cce.manifest").fetchall() == [(3,)]


def test_what_cannot_be_read_leaves_the_version_before(analyst: Analyst, tmp_path: Path) -> None:
    path, listener = tmp_path / "published.duckdb", listener_of()
    publish(path, 3)
    with server(path, listener) as refresh:
        analyst.attach(listener)
        broken = tmp_path / "broken"
        broken.write_bytes(b"no database" * 1000)
        broken.replace(path)
        with pytest.raises(WarehouseError, match="not a DuckDB file"):
            refresh()
        with duckdb.connect(broken) as connection:
            connection.execute("CREATE TABLE main.manifest AS SELECT 0 AS steps; CREATE TABLE other AS SELECT 1 AS n")
            connection.execute("DROP TABLE main.manifest")
        broken.replace(path)
        with pytest.raises(WarehouseError, match="no table of core or marts"):
            refresh()
        path.unlink()
        with pytest.raises(WarehouseError, match="no published file"):
            refresh()
        assert analyst.says("FROM cce.manifest") == [[3]]
        publish(path, 4)
        refresh()
        assert analyst.says("FROM cce.manifest") == [[4]]
