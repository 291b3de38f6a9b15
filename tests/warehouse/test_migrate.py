"""From a file into a lake, and back: every row, or nothing."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.load_files import load_files
from cce_etl.warehouse import files as copying
from cce_etl.warehouse import migrate as moving
from cce_etl.warehouse.connection import Connection, open_warehouse, open_warehouse_to_read
from cce_etl.warehouse.files import Contents, read_contents
from cce_etl.warehouse.migrate import migrate
from tests.warehouse.lakes import lake_in, needs_extensions, write_fleet

pytestmark = needs_extensions

_MOVED = ("raw.job_ids", "raw.job_payloads", "raw.dead_letters", "raw.fetch_runs", "raw.clusters", "core.jobs")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a warehouse of 20 jobs and a dead letter."""
    path = tmp_path / "warehouse.duckdb"
    fleet = write_fleet(tmp_path / "jobs.ndjson", 20)
    with fleet.open("ab") as lines:
        lines.write(b"\nno job\n")
    with open_warehouse(path) as connection:
        load_files(connection, "s", [str(fleet)], "load")
    return path


def test_a_file_moves_into_a_lake_and_back_with_every_row(file: Path, tmp_path: Path) -> None:
    lake, back = lake_in(tmp_path), tmp_path / "back.duckdb"
    migrated = migrate(file, lake)
    assert migrated.table_rows["raw.job_ids"] == 20
    assert migrated.table_rows["raw.dead_letters"] == 1
    assert migrate(lake, back).table_rows == migrated.table_rows
    with open_warehouse_to_read(file) as one, open_warehouse_to_read(back) as other:
        before, after = read_contents(one), read_contents(other)
    assert {name: before[name] for name in _MOVED} == {name: after[name] for name in _MOVED}


@pytest.mark.scale
def test_the_models_are_made_there_as_ever(file: Path, tmp_path: Path) -> None:
    migrate(file, lake_in(tmp_path))
    with open_warehouse(lake_in(tmp_path)) as connection:
        assert pipeline.build(connection)["marts.root_jobs"] == 20


def test_what_is_not_empty_is_left_alone(file: Path, tmp_path: Path) -> None:
    migrate(file, lake_in(tmp_path))
    with pytest.raises(ConfigError, match=r"is not empty: raw\.job_ids"):
        migrate(file, lake_in(tmp_path))


def test_two_of_a_kind_are_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="of one kind"):
        migrate(file, tmp_path / "other.duckdb")
    with pytest.raises(ConfigError, match="of one kind"):
        migrate(lake_in(tmp_path), lake_in(tmp_path / "other"))


def test_a_table_that_differs_leaves_nothing_behind(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a fault of the disk would, one table is read otherwise than it was written.
    real = copying.read_rows

    def read(connection: Connection, table: str) -> Contents:
        return Contents(0, None) if table == "raw.job_ids" else real(connection, table)

    monkeypatch.setattr(moving, "read_rows", read)
    with pytest.raises(WarehouseError, match=r"raw\.job_ids differs"):
        migrate(file, lake_in(tmp_path))
    with open_warehouse_to_read(lake_in(tmp_path)) as connection:
        assert connection.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(0,)]
