"""Copying a DuckDB file, comparing what two databases hold, and replacing a file by a finished draft at once."""

import fcntl
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from duckdb import DuckDBPyConnection as Connection

from cce_etl.errors import WarehouseBusyError, WarehouseError
from cce_etl.warehouse.quoting import identifier

# DuckDB's default format leaves long text uncompressed, and 1.5 cannot read what 2.0 writes by default.
STORAGE_VERSION: Final = "v1.5.0"
_TABLES = """
    SELECT schema_name || '.' || table_name FROM duckdb_tables()
    WHERE database_name = $1 AND NOT internal ORDER BY ALL
"""


class Contents(msgspec.Struct, frozen=True):
    """The number of rows of a table, and a checksum of them that does not depend on their order."""

    row_count: int
    checksum: int | None


def read_contents(connection: Connection, database: str | None = None) -> dict[str, Contents]:
    """Read every table of a database completely and return its contents; the database in use unless one is named.

    Raises DuckDB's error when the checksum of a block is wrong.
    """
    ((current,),) = connection.execute("SELECT current_database()").fetchall()
    name = database or current
    tables = [table for (table,) in connection.execute(_TABLES, [name]).fetchall()]
    return {table: read_rows(connection, f"{identifier(name)}.{table}") for table in tables}


def read_rows(connection: Connection, table: str) -> Contents:
    """Read a table completely and return its contents."""
    ((row_count, checksum),) = connection.execute(
        f"SELECT count(*), bit_xor(hash(whole_row)) FROM {table} AS whole_row"
    ).fetchall()
    return Contents(row_count, checksum)


def differences(one: dict[str, Contents], other: dict[str, Contents]) -> list[str]:
    """Return the sorted names of the tables that are not the same in both."""
    return sorted(table for table in one.keys() | other.keys() if one.get(table) != other.get(table))


def row_counts(connection: Connection, tables: Sequence[str]) -> dict[str, int]:
    """Return the number of rows of each table or view, named with its schema."""
    if not tables:
        return {}
    (counts,) = connection.execute(
        "SELECT " + ", ".join(f"(SELECT count(*) FROM {name})" for name in tables)
    ).fetchall()
    return dict(zip(tables, counts, strict=True))


def copy_file(source: Path, target: Path) -> None:
    """Copy a file byte for byte; raise WarehouseError when that fails."""
    # A separate process: POSIX drops all locks of a process on a file when it closes any descriptor of it. Copying in
    # this process would let a second writer in while DuckDB believes that it still holds the file.
    command = ["cp", "--", str(source.resolve()), str(target.resolve())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  no shell, our own paths
    if done.returncode != 0:
        raise WarehouseError(f"{target} cannot be written: {done.stderr.strip()}.")


@contextmanager
def owner_only() -> Iterator[None]:
    """Let files that are created in the block be readable by their owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def draft_for(target: Path) -> Iterator[Path]:
    """Yield the path for a draft of `target`, in an existing folder; the draft is removed unless `swap_in` took it."""
    real = target.resolve()  # a symbolic link stays one, and the draft is on the disk of the file it names
    draft = real.with_name(f".{real.name}.draft")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        _remove(draft)  # of a run that was killed
        yield draft
    except OSError as error:
        raise WarehouseError(f"{target} cannot be written: {error.strerror}. The file before it is kept.") from None
    finally:
        with suppress(OSError):  # an error of the block matters more
            _remove(draft)


def _remove(draft: Path) -> None:
    for left in (draft, wal_path(draft)):
        left.unlink(missing_ok=True)


def wal_path(path: Path) -> Path:
    """Return the path of DuckDB's write-ahead log of a file, which holds its newest rows until a checkpoint."""
    return path.with_name(f"{path.name}.wal")


def swap_in(draft: Path, target: Path) -> None:
    """Replace the target by a finished draft at once, with the target's permissions, and wait for the disk."""
    real = target.resolve()
    if target.exists():  # its owner has decided once who may read it
        draft.chmod(target.stat().st_mode)
    sync(draft)
    draft.replace(real)
    sync(real.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def file_lock(path: Path, wait_seconds: float) -> Iterator[None]:
    """Keep DuckDB in other processes from opening a file, by the lock that DuckDB itself takes.

    This process must not have the file open with DuckDB, see `copy_file`.

    Raises WarehouseBusyError when another process still has the file open after `wait_seconds`.
    """
    import tenacity  # imports asyncio and tornado, which take a tenth of a second

    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {error.strerror}. Check its permissions.") from None
    locking = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type((BlockingIOError, PermissionError)),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(wait_seconds),
        reraise=True,
    )
    try:
        try:
            locking(fcntl.lockf, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise WarehouseBusyError(
                f"{path} is in use by another process. Wait until it ends, then try again."
            ) from None
        yield
    finally:
        os.close(descriptor)
