"""How the warehouse stands, in one line."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.settings.location import Lake
from cce_etl.transform.versions import PayloadCompressor
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.payloads import append_payloads
from cce_etl.warehouse.status import PayloadSizes, payload_sizes, warehouse_status
from tests.warehouse.lakes import lake_in, needs_extensions


def test_a_file_is_told_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    assert warehouse_status(path) == f"{path} will be made by the first run"
    with open_warehouse(path):
        pass
    assert warehouse_status(path) == f"{path}, {path.stat().st_size:,} bytes"


@needs_extensions
def test_a_lake_is_told_with_the_bytes_of_its_files(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    assert warehouse_status(lake) == f"{lake} will be made by the first run, its files in {lake.data}"
    with pytest.raises(ConfigError, match="CCE_WAREHOUSE_DATA"):
        warehouse_status(Lake(lake.catalog))
    with open_warehouse(lake) as connection:
        connection.execute("INSERT INTO raw.changed_roots SELECT 's', range::VARCHAR FROM range(1000)")
    size = sum(file.stat().st_size for file in (tmp_path / "files").rglob("*.parquet"))
    assert warehouse_status(lake) == f"{lake}, {size:,} bytes"


def test_bodies_count_as_sent_and_as_stored(connection: Connection) -> None:
    assert payload_sizes(connection) == PayloadSizes(0, 0, 0)
    bodies = [b"x" * 1_000, b'{"a": 1}']
    append_payloads(
        connection, "s", [PayloadCompressor().payload(str(n), "v3", n, body) for n, body in enumerate(bodies)]
    )
    found = payload_sizes(connection)
    assert (found.body_count, found.sent_bytes) == (2, 1_008)
    ((stored,),) = connection.execute("SELECT sum(octet_length(body)) FROM raw.job_payloads").fetchall()
    assert found.stored_bytes == stored < 100  # a thousand equal letters take a few bytes
