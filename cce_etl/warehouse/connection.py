"""Opening the warehouse, transactions in it, and DuckDB's errors as WarehouseErrors that say what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from cce_etl.errors import WarehouseBusyError, WarehouseError
from cce_etl.settings.location import Lake, Location
from cce_etl.warehouse.file import FileStorage
from cce_etl.warehouse.lake import LakeStorage
from cce_etl.warehouse.migrations import OLDEST_VERSION, SCHEMA_VERSION, migrate_tables, schema_sql
from cce_etl.warehouse.quoting import identifier
from cce_etl.warehouse.storage import Storage

# The name of an open database in the rest of the project, which does not import DuckDB.
Connection = duckdb.DuckDBPyConnection
_CREATED_TABLE: Final = re.compile(r"CREATE TABLE IF NOT EXISTS ([\w.]+)")
# Phrases in DuckDB's messages, in lower case, and what to tell the user.
_EXPLANATIONS: Final = (
    (
        ("not a valid duckdb database",),
        "{location} is not a DuckDB file. Move it away, or set CCE_WAREHOUSE or CCE_PUBLISHED to another path.",
    ),
    (
        ("storage version", "newer version of duckdb"),
        "{location} was written by a newer DuckDB than this one: {reason}. Upgrade it: `pip install -U duckdb`.",
    ),
    (
        ("no space left", "out of disk"),
        "The disk is full while writing {location}: {reason}. Nothing is lost. Free space, then run again.",
    ),
    (
        ("permission denied", "read-only"),
        "{location} may not be written: {reason}. Check the permissions of the file and its folder.",
    ),
    (
        ("unable to connect to postgres", "connection to server", "server closed the connection"),
        "The catalog of {location} does not answer: {reason}. Check its address, and PGPASSWORD or ~/.pgpass.",
    ),
)
_HOLDER: Final = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


def storage_at(location: Location) -> Storage:
    """Return the storage at a location. This and `storage_of` alone tell a file from a lake."""
    return LakeStorage(location) if isinstance(location, Lake) else FileStorage(location)


def storage_of(connection: Connection) -> Storage:
    """Return the storage of the database that a connection uses."""
    ((kind, path),) = connection.execute(
        "SELECT type, path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    return storage_at(Lake(path) if kind == "ducklake" else Path(path or ":memory:"))


@contextmanager
def open_warehouse(location: Location, lock_wait_seconds: float = 0.0) -> Iterator[Connection]:
    """Open the warehouse for writing; create it when it is missing, and bring older tables up to date.

    Files that are created beside a DuckDB file are readable by their owner alone; the files of a lake by all who may
    read its folder.

    Raises:
        WarehouseError: another process holds the file for longer than `lock_wait_seconds`, it is no DuckDB file, or it
            cannot be written.
    """
    with _open(location, lock_wait_seconds, create=True) as connection:
        yield connection


@contextmanager
def open_existing_warehouse(location: Location, lock_wait_seconds: float = 0.0) -> Iterator[Connection]:
    """Open the warehouse as `open_warehouse` does, but raise WarehouseError when it is missing."""
    with _open(location, lock_wait_seconds, create=False) as connection:
        yield connection


@contextmanager
def _open(location: Location, lock_wait_seconds: float, *, create: bool) -> Iterator[Connection]:
    storage = storage_at(location)
    with warehouse_errors(location), storage.open(lock_wait_seconds, create=create) as connection:
        if _version(connection, location) != SCHEMA_VERSION:
            with transaction(connection):  # otherwise a kill could leave tables without a version
                version = _version(connection, location)  # another process may have written while this one waited
                if version is None:
                    connection.execute(schema_sql() + storage.partition_sql)
                    connection.execute("INSERT INTO raw.schema_version VALUES ($1)", [SCHEMA_VERSION])
                elif version < SCHEMA_VERSION:
                    migrate_tables(connection, version)
        yield connection


@contextmanager
def open_warehouse_to_read(location: Location) -> Iterator[Connection]:
    """Open an existing warehouse for reading.

    Raises WarehouseError when it is missing, another process holds its file, or its tables are of another version.
    """
    with open_any_version_to_read(location) as connection:
        version = _version(connection, location)
        if version is not None and version < SCHEMA_VERSION:
            raise WarehouseError(
                f"The warehouse {location} was made by an older cce-etl (its tables have version {version}, those of "
                f"this one {SCHEMA_VERSION}). Any command that writes brings it up to date and keeps every row: "
                "`cce-etl build`."
            )
        yield connection


@contextmanager
def open_any_version_to_read(location: Location) -> Iterator[Connection]:
    """Open an existing warehouse of this or an older version for reading.

    Raises WarehouseError when it is missing, another process holds its file, or it is no such warehouse.
    """
    with warehouse_errors(location), storage_at(location).open_to_read() as connection:
        _version(connection, location)
        yield connection


def _version(connection: Connection, location: Location) -> int | None:
    """Return the version of the tables, None when there are none; raise WarehouseError when it cannot be used."""
    found = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    names = {name for (name,) in found}
    if not names:
        return None
    if not names & set(_CREATED_TABLE.findall(schema_sql())):
        raise WarehouseError(f"{location} holds tables of another program. Set CCE_WAREHOUSE to another path.")
    version = 0
    if "raw.schema_version" in names:
        ((version,),) = connection.execute("SELECT version FROM raw.schema_version").fetchall()
    if not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        age, advice = ("newer", "Upgrade it") if version > SCHEMA_VERSION else ("much older", "Move the file away")
        raise WarehouseError(
            f"The warehouse {location} was made by a cce-etl {age} than this one (its tables have version {version}, "
            f"those of this one {SCHEMA_VERSION}). {advice}, or set CCE_WAREHOUSE to another path."
        )
    return version


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Run the block in one transaction, under the write lock; an exception rolls it back."""
    with storage_of(connection).write_lock(connection), unlocked_transaction(connection):
        yield


@contextmanager
def unlocked_transaction(connection: Connection) -> Iterator[None]:
    """Run the block in one transaction without the write lock, for tables that no other process writes meanwhile."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # the server is gone, and the transaction with it
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def new_connection(connection: Connection) -> Connection:
    """Return another connection to the same database, which uses it by default too."""
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    another = connection.cursor()
    another.execute(f"USE {identifier(name)}")
    return another


@contextmanager
def warehouse_errors(location: Location) -> Iterator[None]:
    """Turn DuckDB's errors into WarehouseErrors that say what to do."""
    try:
        yield
    except duckdb.Error as error:
        said = str(error)
        raise _busy(location, said) or WarehouseError(_explain(location, said)) from error


def _busy(location: Location, said: str) -> WarehouseBusyError | None:
    if "Failed to commit DuckLake transaction" in said:
        return WarehouseBusyError(f"Another process changed the same table of {location} meanwhile. Try again.")
    holder = _HOLDER.search(said)
    if holder is None:
        return None
    program, pid = Path(holder["program"]).name, holder["pid"]
    return WarehouseBusyError(
        f"The warehouse {location} is in use by another process: {program} (PID {pid}). "
        "Wait until it ends, or end it. Analysts read the published file instead."
    )


def _explain(location: Location, said: str) -> str:
    reason = said.splitlines()[0] if said else "no reason given"
    for phrases, text in _EXPLANATIONS:
        if any(phrase in said.lower() for phrase in phrases):
            return text.format(location=location, reason=reason)
    return f"The warehouse {location} failed: {reason}"
