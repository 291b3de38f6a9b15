"""How the warehouse stands, in one line."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.settings.location import Lake
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.status import describe_warehouse
from tests.warehouse.lakes import lake_in, needs_extensions


def test_a_file_is_told_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    assert describe_warehouse(path) == f"{path} will be made by the first run"
    with open_warehouse(path):
        pass
    assert describe_warehouse(path) == f"{path}, {path.stat().st_size:,} bytes"


@needs_extensions
def test_a_lake_is_told_with_the_bytes_of_its_files(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    assert describe_warehouse(lake) == f"{lake} will be made by the first run, its files in {lake.data}"
    with pytest.raises(ConfigError, match="CCE_WAREHOUSE_DATA"):
        describe_warehouse(Lake(lake.catalog))
    with open_warehouse(lake) as connection:
        connection.execute("INSERT INTO raw.changed_roots SELECT 's', range::VARCHAR FROM range(1000)")
    size = sum(file.stat().st_size for file in (tmp_path / "files").rglob("*.parquet"))
    assert describe_warehouse(lake) == f"{lake} answers, {size:,} bytes in its files"
