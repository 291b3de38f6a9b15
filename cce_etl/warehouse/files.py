"""Copying a DuckDB file and swapping one in whole.

Lives here: the copy, the lock while a file is replaced, what reaches the disk, what a file holds.
Does not: what is copied and why (`publish`, `backup`, `vacuum`).
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from cce_etl.errors import WarehouseBusyError, WarehouseError
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.quoting import identifier

_TABLES = """
    SELECT schema_name || '.' || table_name FROM duckdb_tables()
    WHERE database_name = $1 AND NOT internal ORDER BY ALL
"""


class Contents(msgspec.Struct, frozen=True):
    """Hold the number of rows of a table and a checksum of them that their order does not change."""

    row_count: int
    checksum: int | None


def read_contents(connection: Connection, database: str | None = None) -> dict[str, Contents]:
    """Read every table of a database to its last byte, and return what each holds; the current one unless one is named.

    Raises DuckDB's error for a block that is not as it was written.
    """
    ((current,),) = connection.execute("SELECT current_database()").fetchall()
    name = database or current
    tables = [table for (table,) in connection.execute(_TABLES, [name]).fetchall()]
    return {table: read_rows(connection, f"{identifier(name)}.{table}") for table in tables}


def read_rows(connection: Connection, table: str) -> Contents:
    """Read a table to its last byte, and return what it holds."""
    ((row_count, checksum),) = connection.execute(
        f"SELECT count(*), bit_xor(hash(whole_row)) FROM {table} AS whole_row"
    ).fetchall()
    return Contents(row_count, checksum)


def differences(one: dict[str, Contents], other: dict[str, Contents]) -> list[str]:
    """Return the tables that are not the same in both, in order."""
    return sorted(table for table in one.keys() | other.keys() if one.get(table) != other.get(table))


def copy_file(source: Path, target: Path) -> None:
    """Copy a file byte for byte; raise WarehouseError when that does not go through."""
    # A process of its own: POSIX drops all of a process's locks on a file when it closes any descriptor of it, so
    # copying here would let a second writer in while DuckDB believes that it still holds the file.
    command = ["cp", "--", str(source.resolve()), str(target.resolve())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  no shell, our own paths
    if done.returncode != 0:
        raise WarehouseError(f"{target} cannot be written: {done.stderr.strip()}.")


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """Yield where to write what is to become `target`, in a folder that is there; nothing of it is left behind."""
    real = target.resolve()  # a link stays one, and the draft is on its target's disk
    draft = real.with_name(f".{real.name}.draft")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        _remove(draft)  # of a run that was killed
        yield draft
    except OSError as error:
        raise WarehouseError(f"{target} cannot be written: {error.strerror}. What was there before is kept.") from None
    finally:
        with suppress(OSError):  # never worth more than the error above
            _remove(draft)


def _remove(draft: Path) -> None:
    for left in (draft, wal_of(draft)):
        left.unlink(missing_ok=True)


def wal_of(path: Path) -> Path:
    """Return where DuckDB keeps the newest rows of a file until its next checkpoint."""
    return path.with_name(f"{path.name}.wal")


def swap_in(draft: Path, target: Path) -> None:
    """Put a finished draft in the target's place at once, with the rights that one had; it is on the disk then."""
    real = target.resolve()
    if target.exists():  # who may read it is for its owner to say, once
        draft.chmod(target.stat().st_mode)
    sync(draft)
    draft.replace(real)
    sync(real.parent)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def held(path: Path, lock_wait_seconds: float) -> Iterator[None]:
    """Keep DuckDB in other processes from opening a file, with the lock it takes itself.

    Not while this process has it open with DuckDB: see `copy_file`. Raises WarehouseError when another one has.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {error.strerror}. Check its rights.") from None
    try:
        _lock(descriptor, path, lock_wait_seconds)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path, lock_wait_seconds: float) -> None:
    import tenacity  # brings asyncio and tornado: a tenth of a second that only waiting is worth

    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type((BlockingIOError, PermissionError)),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(lock_wait_seconds),
        reraise=True,
    )
    try:
        waiting(fcntl.lockf, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise WarehouseBusyError(f"{path} is in use by another process. Wait until it ends, then try again.") from None
