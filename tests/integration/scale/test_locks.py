"""Locks between processes, in a real PostgreSQL."""

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from cce_etl.errors import WarehouseBusyError
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.load_files import load_files
from cce_etl.settings.location import Lake
from cce_etl.warehouse.connection import Connection, open_warehouse, storage_of, transaction
from tests.integration.ops.postgres import Postgres
from tests.integration.scale.deployment import create_database
from tests.steps import failed_checks
from tests.warehouse.lakes import write_fleet

pytestmark = pytest.mark.scale

_HOLDER = """
import sys, time
from cce_etl.warehouse.connection import open_warehouse, storage_of
from cce_etl.settings.location import Lake
with open_warehouse(Lake(*sys.argv[1:])) as connection, storage_of(connection).source_lock(connection, "s", 0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def lake(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Return a new lake, which has its tables."""
    name = f"locks_{secrets.token_hex(4)}"
    create_database(postgres, name)
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    place = Lake(f"postgres:dbname={name} host=127.0.0.1 port={postgres.port} user=dagster", str(tmp_path / "files"))
    with open_warehouse(place):
        return place


@contextmanager
def _two(lake: Lake) -> Iterator[tuple[Connection, Connection]]:
    with open_warehouse(lake) as one, open_warehouse(lake) as other:
        yield one, other


def test_a_source_is_fetched_by_one_at_a_time_and_others_meanwhile(lake: Lake) -> None:
    with _two(lake) as (one, other):
        with storage_of(one).source_lock(one, "s", 0):
            with pytest.raises(WarehouseBusyError, match="source s is in use by another process"):
                storage_of(other).source_lock(other, "s", 0.5).__enter__()
            with storage_of(other).source_lock(other, "another", 0):
                pass
        with storage_of(other).source_lock(other, "s", 0):
            pass


def test_the_lock_of_a_process_that_is_killed_ends_with_it(lake: Lake) -> None:
    command = [sys.executable, "-c", _HOLDER, lake.catalog, str(lake.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder, open_warehouse(lake) as connection:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(WarehouseBusyError):
            storage_of(connection).source_lock(connection, "s", 0).__enter__()
        holder.kill()
        with storage_of(connection).source_lock(connection, "s", 30):
            pass


def test_writers_of_one_table_wait_for_each_other_and_neither_fails(lake: Lake) -> None:
    # Without locks the second to commit fails: it inserts into a table from which the first has deleted meanwhile.
    def write(source: str) -> None:
        with open_warehouse(lake) as connection:
            for number in range(8):
                with transaction(connection):
                    connection.execute("DELETE FROM raw.changed_roots WHERE source = $1", [source])
                    connection.execute("INSERT INTO raw.changed_roots VALUES ($1, $2)", [source, str(number)])

    failed: list[BaseException] = []

    def watched(source: str) -> None:
        try:
            write(source)
        except BaseException as error:  # noqa: BLE001  told below, in the test's own thread
            failed.append(error)

    writers = [threading.Thread(target=watched, args=(source,)) for source in ("a", "b", "c")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    with open_warehouse(lake) as connection:
        assert connection.execute("FROM raw.changed_roots ORDER BY ALL").fetchall() == [
            ("a", "7"),
            ("b", "7"),
            ("c", "7"),
        ]


def test_a_writer_waits_for_the_lock(lake: Lake) -> None:
    with _two(lake) as (one, other):
        began = threading.Event()

        def write() -> None:
            began.set()
            with transaction(other):
                other.execute("INSERT INTO raw.changed_roots VALUES ('late', 'r')")

        writer = threading.Thread(target=write)
        with storage_of(one).write_lock(one):
            writer.start()
            began.wait()
            writer.join(1)
            assert writer.is_alive()
        writer.join()
        assert one.execute("SELECT count(*) FROM raw.changed_roots").fetchall() == [(1,)]


def test_a_build_waits_for_another_and_writers_wait_for_it(lake: Lake) -> None:
    with _two(lake) as (one, other):
        done = threading.Event()

        def build() -> None:
            with storage_of(other).build_lock(other):
                done.set()

        builder, writer = threading.Thread(target=build), threading.Thread(target=_write, args=(lake, "late"))
        with storage_of(one).build_lock(one):
            builder.start()
            writer.start()
            assert not done.wait(1)
            assert one.execute("SELECT count(*) FROM raw.changed_roots").fetchall() == [(0,)]
        builder.join()
        writer.join()
        assert done.is_set()
        assert one.execute("FROM raw.changed_roots").fetchall() == [("late", "r")]


def _write(lake: Lake, source: str) -> None:
    with open_warehouse(lake) as connection, transaction(connection):
        connection.execute("INSERT INTO raw.changed_roots VALUES ($1, 'r')", [source])


def test_a_tree_loaded_beside_a_build_is_built_by_the_next(lake: Lake, tmp_path: Path) -> None:
    fleet = write_fleet(tmp_path / "jobs.ndjson", 20)
    with open_warehouse(lake) as connection:
        load_files(connection, "s", [str(fleet)], "load")
    with _two(lake) as (one, other):
        building = threading.Thread(target=pipeline.build, args=(one,))
        building.start()
        load_files(other, "t", [str(fleet)], "load")
        pipeline.build(other)
        building.join()
        for table, rows in (("marts.root_jobs", 40), ("raw.changed_roots", 0)):
            assert other.execute(f"SELECT count(*) FROM {table}").fetchall() == [(rows,)]
        assert failed_checks(other) == []


def test_what_failed_is_said_even_when_the_server_went_with_the_lock(lake: Lake, postgres: Postgres) -> None:
    def fail(connection: Connection) -> None:
        with storage_of(connection).write_lock(connection):
            _end_sessions(postgres, lake)
            raise KeyError

    with open_warehouse(lake) as connection, pytest.raises(KeyError):
        fail(connection)


def _end_sessions(postgres: Postgres, lake: Lake) -> None:
    connection = psycopg2.connect(
        host="127.0.0.1", port=postgres.port, user="dagster", password=postgres.password, dbname="dagster"
    )
    connection.autocommit = True
    name = lake.catalog.partition("dbname=")[2].partition(" ")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    connection.close()


def test_two_processes_that_make_a_new_lake_at_once_both_work_with_it(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"new_{secrets.token_hex(4)}"
    create_database(postgres, name)
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    catalog = f"postgres:dbname={name} host=127.0.0.1 port={postgres.port} user=dagster"
    command = [sys.executable, "-c", _HOLDER.replace('"s"', "str(__import__('os').getpid())").replace("60", "0")]
    started = [
        subprocess.Popen([*command, catalog, str(tmp_path / "files")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ended = [one.communicate(timeout=60) for one in started]
    assert [one.returncode for one in started] == [0, 0, 0], ended
