"""Writing the warehouse anew: smaller, and the same in every row, type and word."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.warehouse import file as module
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.file import FileStorage
from cce_etl.warehouse.files import differences, read_contents

DEFINITIONS = (
    "SELECT schema_name, table_name, comment, sql FROM duckdb_tables() WHERE NOT internal ORDER BY ALL",
    "SELECT schema_name, view_name, comment, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    """SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default, comment
    FROM duckdb_columns() WHERE NOT internal ORDER BY ALL""",
)


@pytest.fixture(scope="module")
def holed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse most of whose rows were deleted, with every kind of column, a mart and a view."""
    path = tmp_path_factory.mktemp("holed") / "warehouse.duckdb"
    with open_warehouse(path) as connection:
        connection.execute(
            """
            INSERT INTO core.jobs (source, job_id, root_job_id, path, depth, ordinal, is_leaf, has_uid, extend_param,
                extra, created_at)
            SELECT 's', md5(range::VARCHAR), 'r', range::VARCHAR, 1, 0, true, true, MAP {'a.b': md5(range::VARCHAR)},
                '{"x": [1]}', make_timestamp_ns(1_772_323_200_000_000_123 + range) FROM range(20_000)
            """
        )
        connection.execute("INSERT INTO raw.job_payloads SELECT 's', 'j', 'v3', NULL, 'b'::BLOB, 1, 'h'::BLOB")
        connection.execute("CREATE TABLE marts.steps AS SELECT job_id, created_at FROM core.jobs LIMIT 3")
        connection.execute("COMMENT ON TABLE marts.steps IS 'it''s said'; COMMENT ON COLUMN marts.steps.job_id IS 'id'")
        connection.execute("CREATE VIEW marts.seen AS SELECT job_id FROM core.jobs")
        connection.execute("COMMENT ON VIEW marts.seen IS 'a view'")
        connection.execute("CHECKPOINT")
        connection.execute("DELETE FROM core.jobs WHERE path::BIGINT % 100 != 0")
    return path


@pytest.fixture
def holed(holed_once: Path, warehouse: Path) -> Path:
    """Return such a warehouse of one's own."""
    return Path(shutil.copy(holed_once, warehouse))


def vacuum(path: Path) -> int:
    return FileStorage(path).vacuum(0, 7)


def everything(path: Path) -> tuple[Any, ...]:
    with duckdb.connect(path, read_only=True) as connection:
        said = [connection.execute(query).fetchall() for query in DEFINITIONS]
        ((tags,),) = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
        return read_contents(connection), said, tags["storage_version"]


def test_the_file_is_smaller_and_holds_the_same(holed: Path) -> None:
    bytes_before, before = holed.stat().st_size, everything(holed)
    bytes_after = vacuum(holed)
    assert bytes_after == holed.stat().st_size < bytes_before * 0.6
    assert everything(holed) == before
    assert before[2].startswith("v1.5.0")
    assert holed.stat().st_mode & 0o777 == 0o600
    assert list(holed.parent.iterdir()) == [holed]
    assert vacuum(holed) == bytes_after


def test_a_name_with_quotes_is_only_a_name(holed: Path) -> None:
    odd = holed.rename(holed.with_name('it\'s "odd".duckdb'))
    vacuum(odd)
    assert list(odd.parent.iterdir()) == [odd]


def test_a_file_that_came_out_otherwise_is_thrown_away(holed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(holed)
    monkeypatch.setattr(module, "differences", lambda one, other: [*differences(one, other), "core.jobs"])
    with pytest.raises(WarehouseError, match=r"differs in core\.jobs and is discarded"):
        vacuum(holed)
    assert everything(holed) == before
    assert list(holed.parent.iterdir()) == [holed]


def test_a_lost_comment_is_noticed(holed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful:
        """A connection that loses a comment after copying."""

        def __init__(self, connection: Connection) -> None:
            self.connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            if sql.startswith("CHECKPOINT cce_etl_fresh"):
                self.connection.execute("COMMENT ON TABLE cce_etl_fresh.marts.steps IS NULL")
            return self.connection.execute(sql, *values)

    copy_database = module._copy_database
    monkeypatch.setattr(module, "_copy_database", lambda connection, draft: copy_database(Forgetful(connection), draft))  # type: ignore[arg-type]
    with pytest.raises(WarehouseError, match="differs in the definitions of tables"):
        vacuum(holed)


def test_what_another_process_wrote_meanwhile_is_not_lost(holed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states: Iterator[tuple[int, int, int]] = iter([(1, 1, 1), (1, 1, 2)])
    monkeypatch.setattr(module, "_state", lambda _: next(states))
    inode = holed.stat().st_ino
    with pytest.raises(WarehouseError, match="was written to meanwhile"):
        vacuum(holed)
    assert holed.stat().st_ino == inode
    assert list(holed.parent.iterdir()) == [holed]
