"""A lake in place of the file: the same rows, the same models, the same copy for analysts."""

import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.load_files import load_files
from cce_etl.settings.location import Lake, Location
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import Connection, open_warehouse, open_warehouse_to_read, storage_of
from cce_etl.warehouse.files import differences, read_contents
from cce_etl.warehouse.lake import LakeStorage
from tests.steps import failed_checks
from tests.warehouse.lakes import ENDS_AT_NS, lake_in, needs_extensions, write_fleet

pytestmark = needs_extensions

# They name the moment of a run, or what is true of one file alone.
_OF_A_RUN = ("core.ingest", "marts.ingest", "main.manifest")
_WORDS = """
    SELECT schema_name, table_name, comment, sql FROM duckdb_tables() WHERE NOT internal
    UNION ALL SELECT schema_name, view_name, comment, '' FROM duckdb_views() WHERE NOT internal
    UNION ALL
    SELECT schema_name, table_name || '.' || column_name, comment, data_type FROM duckdb_columns() WHERE NOT internal
    ORDER BY ALL
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fleet(tmp_path_factory.mktemp("fleet") / "jobs.ndjson", 60)


@pytest.fixture(scope="module")
def published(fleet: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return what is published from a file, and from a lake, of the same jobs loaded twice."""
    folder = tmp_path_factory.mktemp("both")
    places: dict[str, Location] = {"file": folder / "warehouse.duckdb", "lake": lake_in(folder)}
    found = {name: folder / f"published-{name}.duckdb" for name in places}
    for name, place in places.items():
        with open_warehouse(place) as connection:
            for _ in range(2):
                load_files(connection, "s", [str(fleet)], "load", clock=lambda: ENDS_AT_NS)
            pipeline.build(connection)
            assert failed_checks(connection) == []
            settings = Settings(warehouse=place, published=found[name])
            pipeline.publish(connection, settings, "run", lambda: ENDS_AT_NS)
    return found


@pytest.mark.scale
def test_what_is_published_is_the_same_in_every_row_type_and_word(published: dict[str, Path]) -> None:
    with (
        duckdb.connect(published["file"], read_only=True) as one,
        duckdb.connect(published["lake"], read_only=True) as other,
    ):
        assert [name for name in differences(read_contents(one), read_contents(other)) if _is_told(name)] == []
        assert one.execute(_WORDS).fetchall() == other.execute(_WORDS).fetchall()
        assert other.execute("SELECT count(*) > 700 FROM core.jobs").fetchall() == [(True,)]


def _is_told(name: str) -> bool:
    return not name.startswith(_OF_A_RUN)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_in(tmp_path)


def test_rows_go_into_files_of_their_source_and_day(lake: Lake, fleet: Path) -> None:
    with open_warehouse(lake) as connection:
        assert isinstance(storage_of(connection), LakeStorage)
        for source in ("one", "other"):
            load_files(connection, source, [str(fleet)], "load")
        files = connection.execute("SELECT data_file FROM ducklake_list_files('lake', 'jobs', schema => 'core')")
        folders = {Path(file).parent for (file,) in files.fetchall()}
    assert {folder.parents[2].name for folder in folders} == {"source=one", "source=other"}
    assert all(folder.name.startswith("day=") for folder in folders)


def test_a_lake_can_be_read_as_it_was(lake: Lake, fleet: Path) -> None:
    with open_warehouse(lake) as connection:
        load_files(connection, "s", [str(fleet)], "load")
        ((before,),) = connection.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchall()
        connection.execute("DELETE FROM core.jobs")
        then = f"SELECT count(DISTINCT root_job_id) FROM core.jobs AT (VERSION => {before})"
        assert _values(connection, then) == [60]
        assert _values(connection, "SELECT count(*) FROM core.jobs") == [0]


def _values(connection: Connection, statement: str) -> list[Any]:
    return [value for (value,) in connection.execute(statement).fetchall()]


def test_a_lake_that_is_not_made_yet_is_told_so_and_a_new_one_wants_to_know_where_its_files_go(tmp_path: Path) -> None:
    new = Lake(str(tmp_path / "catalog.duckdb"))
    with pytest.raises(WarehouseError, match="There is no lake at"), open_warehouse_to_read(new):
        pass
    assert not LakeStorage(new).exists()


def test_the_files_of_a_lake_are_for_all_who_may_reach_its_folder(lake: Lake, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with open_warehouse(lake):
            pass
    finally:
        os.umask(before)
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "files").rglob("*.parquet")} == {"0o644"}


def test_a_lake_to_read_cannot_be_written(lake: Lake) -> None:
    with open_warehouse(lake):
        pass
    with open_warehouse_to_read(lake) as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("DELETE FROM raw.job_ids")


def test_small_files_become_few_and_the_rows_stay(tmp_path: Path) -> None:
    fleet = write_fleet(tmp_path / "jobs.ndjson", 20)
    with open_warehouse(lake_in(tmp_path)) as connection:
        for _ in range(3):
            load_files(connection, "s", [str(fleet)], "load")
        before = read_contents(connection)
        done = storage_of(connection).compact(connection, 7)
        assert read_contents(connection) == before
        assert done.files_after < done.files_before
        assert done.expired_snapshots == 0


def test_snapshots_of_long_ago_are_forgotten_and_their_files_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(lake_in(tmp_path)) as connection:
        connection.execute("CREATE TABLE marts.old AS SELECT range AS number FROM range(1000); DROP TABLE marts.old")
        done = storage_of(connection).compact(connection, 0)
        assert done.expired_snapshots > 0
        storage_of(connection).compact(connection, 0)
        assert not list((tmp_path / "files" / "marts").rglob("*.parquet"))
