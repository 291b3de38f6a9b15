"""The two kinds of storage: what both promise, and that nothing but their factory tells one from the other."""

import re
from pathlib import Path

import pytest

import cce_etl
from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.settings.location import Lake, Location
from cce_etl.warehouse.connection import open_existing_warehouse, open_warehouse, storage_at, storage_of
from cce_etl.warehouse.file import FileStorage
from cce_etl.warehouse.lake import LakeStorage
from tests.warehouse.lakes import lake_in, needs_extensions

# What code needs to tell a file from a lake.
_KINDS = re.compile(r"\bis_lake\b|\b(Lake|LakeStorage|FileStorage)\b[,)]|'ducklake'")


def test_nothing_but_their_factory_tells_a_file_from_a_lake() -> None:
    package = Path(cce_etl.__file__).parent
    found = {path.relative_to(package) for path in package.rglob("*.py") if _KINDS.search(path.read_text("utf-8"))}
    assert {str(path) for path in found} == {"settings/location.py", "warehouse/connection.py"}


@pytest.fixture(params=["file", pytest.param("lake", marks=needs_extensions)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Return where no warehouse is yet."""
    return tmp_path / "warehouse.duckdb" if request.param == "file" else lake_in(tmp_path)


def test_a_connection_knows_the_storage_it_is_open_on(location: Location) -> None:
    with open_warehouse(location) as connection:
        assert type(storage_of(connection)) is type(storage_at(location))
        assert storage_of(connection).byte_count(connection) == storage_at(location).byte_count(connection) > 0


def test_a_storage_exists_once_it_is_opened_to_be_created(location: Location) -> None:
    storage = storage_at(location)
    assert not storage.exists()
    with (
        pytest.raises(WarehouseError, match=r"There is no .* Run `cce-etl run` first"),
        open_existing_warehouse(location),
    ):
        pass
    assert not storage.exists()
    with open_warehouse(location):
        pass
    assert storage.exists()
    with open_existing_warehouse(location) as connection:
        assert connection.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(0,)]


def test_locks_of_one_process_wait_for_nobody(location: Location) -> None:
    storage = storage_at(location)
    assert not storage.is_shared
    with (
        open_warehouse(location) as connection,
        storage.source_lock(connection, "s", 0),
        storage.write_lock(connection),
    ):
        connection.execute("INSERT INTO raw.changed_roots VALUES ('s', 'r')")
        with storage.source_lock(connection, "s", 0), storage.build_lock(connection):
            pass


def test_upkeep_keeps_every_row(location: Location) -> None:
    storage = storage_at(location)
    with open_warehouse(location) as connection:
        connection.execute("INSERT INTO raw.changed_roots SELECT 's', range::VARCHAR FROM range(5_000)")
        connection.execute("DELETE FROM raw.changed_roots WHERE root_job_id::INTEGER % 2 = 0")
        storage.checkpoint(connection)
        storage.reuse_deleted_space(connection)
        storage.compact(connection, 7)
    assert storage.vacuum(0, 7) > 0
    with open_existing_warehouse(location) as connection:
        assert connection.execute("SELECT count(*) FROM raw.changed_roots").fetchall() == [(2_500,)]


def test_tables_are_copied_to_a_file_with_comments_and_views(location: Location, tmp_path: Path) -> None:
    target = tmp_path / "copy.duckdb"
    with open_warehouse(location) as connection:
        connection.execute('CREATE TABLE marts.counts AS SELECT 1 AS "the number"')
        connection.execute("COMMENT ON TABLE marts.counts IS 'it''s one'")
        connection.execute("COMMENT ON COLUMN marts.counts.\"the number\" IS 'a number'")
        connection.execute("CREATE VIEW marts.seen AS FROM marts.counts")
        connection.execute("CREATE VIEW marts.again AS FROM marts.seen; COMMENT ON VIEW marts.again IS 'a view'")
        tables = ["core.jobs", "marts.again", "marts.counts", "marts.seen"]
        counts = storage_at(location).copy_tables(connection, target, tables)
    assert counts == {"core.jobs": 0, "marts.again": 1, "marts.counts": 1, "marts.seen": 1}
    with FileStorage(target).open_to_read() as copy:
        assert copy.execute("FROM marts.again").fetchall() == [(1,)]
        comments = "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        assert copy.execute(comments).fetchall() == [("again", "a view"), ("seen", None)]
        comments = "SELECT comment FROM duckdb_columns() WHERE table_name = 'counts'"
        assert copy.execute(comments).fetchall() == [("a number",)]
        comments = "SELECT comment FROM duckdb_tables() WHERE table_name IN ('counts', 'jobs') ORDER BY table_name"
        assert [text[:10] for (text,) in copy.execute(comments).fetchall()] == ["it's one", "Every node"]


def test_a_command_for_files_says_how_a_lake_is_backed_up(tmp_path: Path) -> None:
    assert storage_at(tmp_path).require_file() == tmp_path
    with pytest.raises(ConfigError, match="pg_dump"):
        storage_at(Lake("postgres:dbname=jobs")).require_file()
    assert isinstance(storage_at(Lake("c")), LakeStorage)
