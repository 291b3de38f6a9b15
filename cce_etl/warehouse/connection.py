"""Opening the warehouse, and DuckDB's errors as ours.

Lives here: the writer's file or lake, its settings, its tables' definitions, one transaction.
Does not: what is read and written (`raw`, `core`, `models`), the published copy (`publish`, `query`), lakes (`lake`).
"""

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Final

import duckdb

from cce_etl.errors import WarehouseBusyError, WarehouseError
from cce_etl.settings.location import Lake, Location
from cce_etl.warehouse.lake import is_lake, open_lake, part_tables
from cce_etl.warehouse.locks import write_lock
from cce_etl.warehouse.migrations import OLDEST_VERSION, migrate
from cce_etl.warehouse.quoting import identifier

# What the rest of the project calls an open file, without importing DuckDB.
Connection = duckdb.DuckDBPyConnection
# Moves with every change of schema.sql, together with a step in migrations/ that makes it in an older file.
SCHEMA_VERSION: Final = 3
# The default format leaves long text uncompressed, and 1.5 cannot read what 2.0 writes by default.
STORAGE_VERSION: Final = "v1.5.0"
# Else the first write of a night merges what all deleted rows before it left, some 16 CPU seconds for 2,000 jobs beside
# 500,000. `retention.merge_row_groups` does it once a week instead.
DISABLE_ROW_GROUP_MERGING: Final = "SET max_vacuum_tasks = 0"
# DuckDB calls a database as its file; these are schemas in it, and databases beside it while models are made.
_TAKEN_NAMES: Final = ("raw", "core", "intermediate", "marts")
BATCH_DATABASE: Final = "cce_etl_batch"
_TABLE: Final = re.compile(r"CREATE TABLE IF NOT EXISTS ([\w.]+)")
_NO_CATALOG: Final = ("Unable to connect to Postgres", "onnection to server", "server closed the connection")
_LOCKED: Final = r"(?s).*Could not set lock"
_HOLDER: Final = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


@contextmanager
def open_warehouse(location: Location, lock_wait_seconds: float = 0.0) -> Iterator[Connection]:
    """Open the warehouse for writing, making its tables when they are missing or from an older version.

    The files made beside a file while it is open are their owner's alone; those of a lake are for all who may write to
    its folder. Raises WarehouseError when another process holds the file
    for longer than `lock_wait_seconds`, when it is no DuckDB file, or when it cannot be written.
    """
    opened = open_lake(location) if isinstance(location, Lake) else _open_file(location, lock_wait_seconds)
    with warehouse_errors(location), opened as connection:
        _make_tables(connection, location)
        yield connection


@contextmanager
def _open_file(path: Path, lock_wait_seconds: float) -> Iterator[Connection]:
    if path.stem in _TAKEN_NAMES or path.stem.startswith(BATCH_DATABASE):
        raise WarehouseError(f"A warehouse cannot be called {path.name}: {path.stem} has a meaning inside. Rename it.")
    try:
        with owner_only():
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"The folder of the warehouse {path} cannot be made: {error.strerror}.") from None
    with owner_only(), closing(_connect(path, lock_wait_seconds)) as connection:
        # Order within a table means nothing here, and keeping it costs memory on large inserts.
        connection.execute(f"SET preserve_insertion_order = false; {DISABLE_ROW_GROUP_MERGING}")
        yield connection


def _connect(path: Path, lock_wait_seconds: float) -> Connection:
    import tenacity  # brings asyncio and tornado: a tenth of a second that a reader need not pay

    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_exception_message(match=_LOCKED),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(lock_wait_seconds),
        reraise=True,
    )
    # Absolute, since DuckDB reads a meaning into names such as "backup:2026.duckdb".
    return waiting(duckdb.connect, path.absolute(), config={"storage_compatibility_version": STORAGE_VERSION})


@contextmanager
def owner_only() -> Iterator[None]:
    """Make files their owner's alone meanwhile."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def open_existing_warehouse(location: Location, lock_wait_seconds: float = 0.0) -> Iterator[Connection]:
    """Open a warehouse for writing that must be there already.

    Raises WarehouseError when it is not, and as `open_warehouse` does.
    """
    _require(location)
    with open_warehouse(location, lock_wait_seconds) as connection:
        yield connection


@contextmanager
def open_warehouse_to_read(location: Location) -> Iterator[Connection]:
    """Open an existing warehouse for reading alone.

    Raises WarehouseError when it does not exist, a writer holds its file, or its tables are of another version.
    """
    opened = _open_lake_to_read(location) if isinstance(location, Lake) else open_file_to_read(location)
    with opened as connection:
        version = _version(connection, location)
        if version is not None and version < SCHEMA_VERSION:
            raise WarehouseError(
                f"The warehouse {location} was made by an older cce-etl (its tables are version {version}, this one's "
                f"{SCHEMA_VERSION}). Any command that writes brings it up to date and loses nothing: `cce-etl build`."
            )
        yield connection


@contextmanager
def _open_lake_to_read(lake: Lake) -> Iterator[Connection]:
    with warehouse_errors(lake), open_lake(lake, read_only=True) as connection:
        yield connection


@contextmanager
def open_file_to_read(path: Path) -> Iterator[Connection]:
    """Open a warehouse's file for reading alone whose tables may be older than this program's.

    Raises WarehouseError when it does not exist, a writer holds it, or it is no warehouse of this or an older version.
    """
    _require(path)
    with warehouse_errors(path), closing(duckdb.connect(path.absolute(), read_only=True)) as connection:
        _version(connection, path)
        yield connection


def _require(location: Location) -> None:
    if isinstance(location, Path) and not location.exists():
        raise WarehouseError(f"There is no warehouse at {location}. Run `cce-etl run` first, or set CCE_WAREHOUSE.")


def _make_tables(connection: Connection, location: Location) -> None:
    """Make the tables in a new warehouse, and bring those of an older one up to date; leave all others as they are."""
    version = _version(connection, location)
    if version == SCHEMA_VERSION:
        return
    with transaction(connection):  # a file with tables but no version would be refused ever after
        version = _version(connection, location)  # another process may have made them while this one waited its turn
        if version is None:
            connection.execute(schema_sql())
            connection.execute("INSERT INTO raw.schema_version VALUES ($1)", [SCHEMA_VERSION])
            if is_lake(connection):
                part_tables(connection)
        elif version < SCHEMA_VERSION:
            migrate(connection, version)  # the old file or the new one, whatever ends this


def _version(connection: Connection, location: Location) -> int | None:
    """Return the version of the tables, None where there are none; raise WarehouseError when it is of no use here."""
    found = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    names = {name for (name,) in found}
    if not names:
        return None
    if not names & set(_TABLE.findall(schema_sql())):
        raise WarehouseError(f"{location} holds other tables than this program's. Set CCE_WAREHOUSE to another place.")
    version = 0
    if "raw.schema_version" in names:
        ((version,),) = connection.execute("SELECT version FROM raw.schema_version").fetchall()
    if not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        age, advice = ("newer", "Upgrade it") if version > SCHEMA_VERSION else ("much older", "Move the file away")
        raise WarehouseError(
            f"The warehouse {location} was made by a cce-etl {age} than this one (its tables are version {version}, "
            f"this one's {SCHEMA_VERSION}). {advice}, or set CCE_WAREHOUSE to another path."
        )
    return version


def schema_sql() -> str:
    """Return the statements that make the tables which loading writes, where they are missing."""
    return resources.files("cce_etl.warehouse").joinpath("schema.sql").read_text(encoding="utf-8")


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Make everything inside one transaction, undone when it does not end well, in this writer's turn."""
    with write_lock(connection), unlocked_transaction(connection):
        yield


@contextmanager
def unlocked_transaction(connection: Connection) -> Iterator[None]:
    """Make everything inside one transaction that writes to nothing anybody else does, and so waits for nobody."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # of a server that is gone, and the transaction with it
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def checkpoint(connection: Connection) -> None:
    """Write what is in a file's log to its tables; a lake has no log."""
    if not is_lake(connection):
        connection.execute("CHECKPOINT")


def new_connection(connection: Connection) -> Connection:
    """Return another connection to the same database, in which core.jobs means the same table."""
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    another = connection.cursor()
    another.execute(f"USE {identifier(name)}")
    return another


@contextmanager
def warehouse_errors(path: Location) -> Iterator[None]:
    """Turn what DuckDB says of a warehouse into a WarehouseError that says what to do."""
    try:
        yield
    except duckdb.Error as error:
        said = str(error)
        raise _busy(path, said) or WarehouseError(_explain(path, said)) from error


def _busy(path: Location, said: str) -> WarehouseBusyError | None:
    if "Failed to commit DuckLake transaction" in said:
        return WarehouseBusyError(f"Another process changed the same table of {path} meanwhile. Try again.")
    holder = _HOLDER.search(said)
    if holder is None:
        return None
    program, pid = Path(holder["program"]).name, holder["pid"]
    return WarehouseBusyError(
        f"The warehouse {path} is in use by another process: {program} (PID {pid}). "
        "Wait until it ends, or end it; analysts read the published file instead."
    )


def _explain(path: Location, said: str) -> str:
    first_line = said.splitlines()[0] if said else "no reason given"
    if "not a valid DuckDB database" in said:
        return f"{path} is not a DuckDB file. Move it away, or name another one (CCE_WAREHOUSE, CCE_PUBLISHED)."
    if "storage version" in said or "newer version of DuckDB" in said:
        return (
            f"{path} was written by a newer DuckDB than this one: {first_line}. Upgrade with `pip install -U duckdb`."
        )
    if "No space left" in said or "out of disk" in said.lower():
        return f"The disk is full while writing {path}: {first_line}. Free some space, then run again: nothing is lost."
    if "Permission denied" in said or "read-only" in said.lower():
        return f"{path} may not be written: {first_line}. Check the rights of the file and its folder."
    if any(words in said for words in _NO_CATALOG):
        return f"The catalog of {path} does not answer: {first_line}. Check the address, and PGPASSWORD or ~/.pgpass."
    return f"The warehouse {path} failed: {first_line}"
