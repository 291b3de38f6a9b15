"""Bringing older warehouses up to date: rows survive, and the tables are those of a new file.

versions/ has the tables of every earlier version as they were created then.
"""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.warehouse.connection import open_any_version_to_read, open_warehouse, open_warehouse_to_read
from cce_etl.warehouse.migrations import OLDEST_VERSION, SCHEMA_VERSION, migrations

VERSIONS = Path(__file__).parent / "versions"
ROWS = """
    INSERT INTO raw.job_ids (source, job_id, state, attempts, last_fetched_at)
        SELECT 's', 'j' || range, 'finished', 1, make_timestamp_ns(1_772_323_200_000_000_123) FROM range(3);
    INSERT INTO raw.job_payloads SELECT 's', 'j' || range, 'v3', make_timestamp_ns(range), 'b'::BLOB, 1, 'h'::BLOB
        FROM range(3);
    INSERT INTO raw.dead_letters (source, kind, message, attempts, failed_at, resolved_at)
        VALUES ('s', 'timeout', 'm', 2, make_timestamp_ns(5), NULL), ('s', 'gone', 'm', 1, make_timestamp_ns(6), now());
    INSERT INTO core.jobs (source, job_id, root_job_id, path, depth, ordinal, is_leaf, has_uid, extend_param, extra)
        VALUES ('s', 'j0', 'j0', '', 0, 0, true, true, MAP {'a.b': ''}, '{"x": 1}');
"""
TABLES = """
    SELECT schema_name, table_name, comment, sql FROM duckdb_tables() WHERE NOT internal ORDER BY ALL
"""
COLUMNS = """
    SELECT schema_name, table_name, column_index, column_name, data_type, is_nullable, column_default, comment
    FROM duckdb_columns() WHERE NOT internal ORDER BY ALL
"""


def make_old(path: Path, version: int) -> None:
    """Make a warehouse as that version made it, with rows in it."""
    with duckdb.connect(path, config={"storage_compatibility_version": "v1.5.0"}) as connection:
        connection.execute((VERSIONS / f"{version}.sql").read_text(encoding="utf-8"))
        connection.execute("INSERT INTO raw.schema_version VALUES ($1)", [version])
        connection.execute(ROWS)


def read(path: Path, *queries: str) -> list[list[tuple[Any, ...]]]:
    with duckdb.connect(path, read_only=True) as connection:
        return [connection.execute(query).fetchall() for query in queries]


@pytest.fixture(params=range(OLDEST_VERSION, SCHEMA_VERSION))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a warehouse of each earlier version."""
    path = tmp_path / "old.duckdb"
    make_old(path, request.param)
    return path


def test_every_version_after_the_oldest_has_its_step() -> None:
    assert [number for number, _ in migrations()] == list(range(OLDEST_VERSION + 1, SCHEMA_VERSION + 1))


def test_an_old_file_opened_for_writing_has_the_tables_of_a_new_one(old: Path, warehouse: Path) -> None:
    for path in (old, warehouse):
        with open_warehouse(path):
            pass
    assert read(old, TABLES, COLUMNS) == read(warehouse, TABLES, COLUMNS)
    assert read(old, "FROM raw.schema_version") == [[(SCHEMA_VERSION,)]]


def test_every_row_survives(old: Path) -> None:
    tables = [f"SELECT {names} FROM {table} ORDER BY ALL" for table, names in _columns_of(old).items()]
    before = read(old, *tables)
    with open_warehouse(old):
        pass
    assert read(old, *tables) == before
    assert sum(map(len, before)) == 9


def _columns_of(path: Path) -> dict[str, str]:
    found = read(
        path,
        """SELECT schema_name || '.' || table_name, string_agg('"' || column_name || '"', ', ' ORDER BY column_index)
        FROM duckdb_columns() WHERE NOT internal AND table_name != 'schema_version' GROUP BY ALL""",
    )
    return dict(found[0])


def test_open_dead_letters_of_version_1_began_when_they_last_failed(tmp_path: Path) -> None:
    old = tmp_path / "old.duckdb"
    make_old(old, 1)
    with open_warehouse(old):
        pass
    assert read(old, "SELECT epoch_ns(opened_at) FROM raw.dead_letters ORDER BY ALL") == [[(5,), (6,)]]


def test_opening_again_changes_nothing_more(old: Path) -> None:
    with open_warehouse(old):
        pass
    before = old.read_bytes()
    with open_warehouse(old):
        pass
    assert old.read_bytes() == before


def test_opening_an_old_file_to_read_says_what_to_do_and_leaves_it(old: Path) -> None:
    before = old.read_bytes()
    words = r"older cce-etl.*brings it up to date.*`cce-etl build`"
    with pytest.raises(WarehouseError, match=words), open_warehouse_to_read(old):
        pass
    with open_any_version_to_read(old) as connection:
        assert connection.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(3,)]
    assert old.read_bytes() == before


def test_a_step_that_fails_leaves_the_old_file(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(old, TABLES, "FROM raw.schema_version")
    broken = [(number, statements + "; SELECT error('full')") for number, statements in migrations()]
    monkeypatch.setattr("cce_etl.warehouse.migrations.migrations", lambda: broken)
    with pytest.raises(WarehouseError, match="full"), open_warehouse(old):
        pass
    assert read(old, TABLES, "FROM raw.schema_version") == before
