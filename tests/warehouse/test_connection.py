"""Opening the warehouse: what is made, what is refused and in which words, what a transaction undoes."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.warehouse.connection import (
    Connection,
    open_existing_warehouse,
    open_warehouse,
    open_warehouse_to_read,
    transaction,
    warehouse_errors,
)


def test_a_new_warehouse_is_made_with_its_folders_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "warehouse.duckdb"
    with open_warehouse(path) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1"
        ).fetchall()
    assert [name for (name,) in tables] == [
        "core.jobs",
        "raw.changed_roots",
        "raw.check_runs",
        "raw.clusters",
        "raw.dead_letters",
        "raw.fetch_runs",
        "raw.id_lists",
        "raw.job_ids",
        "raw.job_payloads",
        "raw.model_builds",
        "raw.schema_version",
    ]


def test_a_new_file_is_written_in_the_format_that_duckdb_1_5_reads(connection: Connection) -> None:
    ((tags,),) = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'warehouse'").fetchall()
    assert tags["storage_version"].startswith("v1.5.0")


@pytest.mark.parametrize("name", ["core.duckdb", "raw", "marts.db", "cce_etl_batch_1.duckdb"])
def test_a_name_that_means_something_inside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WarehouseError, match="Rename it"), open_warehouse(tmp_path / name):
        pass
    assert not (tmp_path / name).exists()


def test_opening_again_keeps_the_rows(warehouse: Path) -> None:
    with open_warehouse(warehouse) as connection:
        connection.execute("INSERT INTO raw.job_ids (source, job_id, state, attempts) VALUES ('s', 'j', 'pending', 0)")
    with open_existing_warehouse(warehouse) as connection:
        assert connection.execute("SELECT job_id FROM raw.job_ids").fetchall() == [("j",)]


def test_every_time_is_kept_as_nanoseconds_without_a_zone(connection: Connection) -> None:
    kinds = connection.execute(
        "SELECT DISTINCT data_type FROM duckdb_columns() WHERE column_name LIKE '%\\_at' ESCAPE '\\'"
    ).fetchall()
    assert kinds == [("TIMESTAMP_NS",)]


@pytest.mark.parametrize("opening", [open_existing_warehouse, open_warehouse_to_read])
def test_a_missing_warehouse_is_reported_with_what_to_do_and_not_made(
    warehouse: Path, opening: Callable[[Path], AbstractContextManager[Connection]]
) -> None:
    with pytest.raises(WarehouseError, match=r"no warehouse at .*cce-etl run.*CCE_WAREHOUSE"), opening(warehouse):
        pass
    assert not warehouse.exists()


def test_a_file_in_place_of_the_folder_is_a_warehouse_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with (
        pytest.raises(WarehouseError, match="folder of the warehouse"),
        open_warehouse(tmp_path / "data" / "warehouse.duckdb"),
    ):
        pass


def test_a_folder_in_place_of_the_file_is_a_warehouse_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=str(tmp_path)), open_warehouse(tmp_path):
        pass


def test_a_file_that_is_no_database_is_left_as_it_is(warehouse: Path) -> None:
    content = b"precious notes " * 1_000
    warehouse.write_bytes(content)
    for opening in (open_warehouse, open_warehouse_to_read):
        with pytest.raises(WarehouseError, match=r"is not a DuckDB file\. Move it away"), opening(warehouse):
            pass
    assert warehouse.read_bytes() == content


def test_a_warehouse_open_to_read_cannot_be_written(warehouse: Path) -> None:
    with open_warehouse(warehouse):
        pass
    with (
        pytest.raises(WarehouseError, match="may not be written"),
        open_warehouse_to_read(warehouse) as connection,
    ):
        connection.execute("DELETE FROM core.jobs")


def test_a_second_process_is_refused_and_told_who_holds_the_warehouse(connection: Connection, warehouse: Path) -> None:
    program = f"""
import os, sys
from pathlib import Path
from cce_etl.errors import WarehouseError
from cce_etl.warehouse.connection import open_warehouse
try:
    with open_warehouse(Path({str(warehouse)!r})):
        print("opened")
except WarehouseError as error:
    print(f"(PID {{os.getppid()}})" in str(error), error.exit_code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True 4\n"


@pytest.mark.parametrize("error", [RuntimeError("ours"), KeyboardInterrupt()])
def test_a_transaction_that_does_not_end_well_is_undone_whatever_ended_it(
    connection: Connection, error: BaseException
) -> None:
    insert = "INSERT INTO raw.job_ids (source, job_id, state, attempts) VALUES ('s', 'j', 'pending', 0)"

    def insert_and_fail() -> None:
        with transaction(connection):
            connection.execute(insert)
            raise error

    with pytest.raises(type(error)):
        insert_and_fail()
    assert connection.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(0,)]
    with transaction(connection):
        connection.execute(insert)
    assert connection.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("IO Error: Could not write file: No space left on device", "The disk is full"),
        ("IO Error: Cannot open file: Permission denied", "Check the permissions"),
        ("Serialization Error: storage version 99, written by a newer version of DuckDB", "pip install -U duckdb"),
        ("Fatal Error: something new\nwith a second line", "failed: Fatal Error: something new"),
    ],
)
def test_what_duckdb_says_becomes_one_line_that_names_the_file(said: str, advice: str) -> None:
    with pytest.raises(WarehouseError) as caught, warehouse_errors(Path("w.duckdb")):
        raise duckdb.Error(said)
    assert "w.duckdb" in str(caught.value)
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("opening", [open_warehouse, open_warehouse_to_read])
@pytest.mark.parametrize(("change", "word"), [("UPDATE raw.schema_version SET version = version + 1", "newer"),
                                              ("DROP TABLE raw.schema_version", "much older")])  # fmt: skip
def test_a_warehouse_without_a_way_here_is_refused_and_left_as_it_is(
    tmp_path: Path, change: str, word: str, opening: Callable[[Path], AbstractContextManager[Connection]]
) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as connection:
        connection.execute(change)
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match=f"made by a cce-etl {word} than this one"), opening(path):
        pass
    assert path.read_bytes() == before
