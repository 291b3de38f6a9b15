"""A warehouse in one DuckDB file, which one process at a time has open."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import ClassVar, Final

import duckdb
import msgspec
from duckdb import DuckDBPyConnection as Connection

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.warehouse.files import (
    STORAGE_VERSION,
    copy_file,
    differences,
    draft_for,
    file_lock,
    owner_only,
    read_contents,
    row_counts,
    swap_in,
    wal_path,
)
from cce_etl.warehouse.quoting import identifier, literal
from cce_etl.warehouse.storage import Compaction

# Databases in memory of this name and a number stand beside the warehouse while models are built.
BATCH_DATABASE: Final = "cce_etl_batch"
# Otherwise the first write of a night merges the row groups that all earlier deletes left: 16 CPU seconds for 2,000
# jobs beside 500,000. `reuse_deleted_space` does it once a week instead.
DISABLE_ROW_GROUP_MERGING: Final = "SET max_vacuum_tasks = 0"
# DuckDB names a database after its file, and these names have a meaning in SQL here.
_RESERVED_NAMES: Final = ("raw", "core", "intermediate", "marts")
# No other process has the file open.
_NO_LOCK: Final[Callable[[Connection], AbstractContextManager[object]]] = nullcontext
_LOCKED: Final = re.compile(r"(?s).*Could not set lock")
_ATTACHED: Final = "cce_etl_file"
_FRESH: Final = "cce_etl_fresh"
# Names, comments and statements of everything in a database; none of them contains the name of the database.
_DEFINITIONS: Final = """
    SELECT schema_name, table_name, comment, sql FROM duckdb_tables() WHERE database_name = $1 AND NOT internal
    UNION ALL SELECT schema_name, view_name, comment, sql FROM duckdb_views() WHERE database_name = $1 AND NOT internal
    UNION ALL
    SELECT schema_name, table_name || '.' || column_name, comment, data_type FROM duckdb_columns()
    WHERE database_name = $1 AND NOT internal
    ORDER BY ALL
"""


class FileStorage(msgspec.Struct, frozen=True):
    """A warehouse in one DuckDB file."""

    path: Path
    is_shared: ClassVar[bool] = False
    keeps_snapshots: ClassVar[bool] = False
    # Computations use one core, and DuckDB few for a small table.
    build_connections: ClassVar[int] = 2
    keeps_view_column_comments: ClassVar[bool] = True
    partition_sql: ClassVar[str] = ""
    write_lock = staticmethod(_NO_LOCK)

    def exists(self) -> bool:
        """Return whether the file is there."""
        return self.path.exists()

    def describe_new(self) -> str:
        """Return what the first run will create; raise when its folder cannot be created or written."""
        folder = next(parent for parent in self.path.resolve().parents if parent.exists())
        if not folder.is_dir():
            raise ConfigError(f"{self.path} cannot be created: {folder} is no folder. Set CCE_WAREHOUSE.")
        _require_writable(folder)
        return f"{self.path} will be made by the first run"

    def require_writable(self) -> None:
        """Raise WarehouseError when the file may not be written."""
        _require_writable(self.path)

    def require_file(self) -> Path:
        """Return the file."""
        return self.path

    @contextmanager
    def open(self, lock_wait_seconds: float, *, create: bool) -> Iterator[Connection]:
        """Open the file for writing; what is created is readable by its owner alone."""
        if self.path.stem in _RESERVED_NAMES or self.path.stem.startswith(BATCH_DATABASE):
            raise WarehouseError(
                f"A warehouse cannot be called {self.path.name}: {self.path.stem} has a meaning inside. Rename it."
            )
        if not create:
            self._require_existing()
        with owner_only():
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise WarehouseError(
                    f"The folder of the warehouse {self.path} cannot be created: {error.strerror}."
                ) from None
            with closing(self._connect(lock_wait_seconds)) as connection:
                # The order of rows in a table means nothing here, and keeping it costs memory in large inserts.
                connection.execute(f"SET preserve_insertion_order = false; {DISABLE_ROW_GROUP_MERGING}")
                yield connection

    def _connect(self, lock_wait_seconds: float) -> Connection:
        import tenacity  # imports asyncio and tornado, a tenth of a second that readers need not spend

        connecting = tenacity.Retrying(
            retry=tenacity.retry_if_exception_message(match=_LOCKED),
            wait=tenacity.wait_fixed(0.2),
            stop=tenacity.stop_after_delay(lock_wait_seconds),
            reraise=True,
        )
        # An absolute path, since DuckDB takes the first part of "backup:2026.duckdb" for the name of an extension.
        config = {"storage_compatibility_version": STORAGE_VERSION}
        return connecting(duckdb.connect, self.path.absolute(), config=config)

    @contextmanager
    def open_to_read(self) -> Iterator[Connection]:
        """Open the file for reading."""
        self._require_existing()
        with closing(duckdb.connect(self.path.absolute(), read_only=True)) as connection:
            yield connection

    def _require_existing(self) -> None:
        if not self.path.exists():
            raise WarehouseError(
                f"There is no warehouse at {self.path}. Run `cce-etl run` first, or set CCE_WAREHOUSE."
            )

    def attach(self, connection: Connection) -> str:
        """Attach the file, read-only, and return its name."""
        connection.execute(f"ATTACH {literal(self.path.absolute())} AS {_ATTACHED} (READ_ONLY)")
        return _ATTACHED

    def build_lock(self, connection: Connection, *, is_shared: bool = False) -> AbstractContextManager[None]:
        """Return no lock: no other process has the file open."""
        return nullcontext()

    def source_lock(self, connection: Connection, source: str, wait_seconds: float) -> AbstractContextManager[None]:
        """Return no lock: no other process has the file open."""
        return nullcontext()

    def checkpoint(self, connection: Connection) -> None:
        """Write the write-ahead log to the tables."""
        connection.execute("CHECKPOINT")

    def reuse_deleted_space(self, connection: Connection) -> None:
        """Merge row groups with deleted rows, so that their space is used for new rows."""
        connection.execute("RESET max_vacuum_tasks")
        try:
            # A checkpoint merges nothing when all changes since the one before were updates and deletes.
            connection.execute(
                "BEGIN TRANSACTION; CREATE TABLE main.merged (number INTEGER); DROP TABLE main.merged; COMMIT"
            )
            connection.execute("CHECKPOINT")
        finally:
            connection.execute(DISABLE_ROW_GROUP_MERGING)

    def compact(self, connection: Connection, snapshot_days: int) -> Compaction:
        """Do nothing: a file has no snapshots. `vacuum` makes it smaller."""
        return Compaction()

    def vacuum(self, lock_wait_seconds: float, snapshot_days: int) -> int:
        """Write the tables to a new file, compare it with the old one, replace the old one, and return the bytes.

        The disk needs room for both. Raises WarehouseError when the new file differs, when another process holds the
        warehouse or wrote to it meanwhile, and when it cannot be written; the old file then is as it was.
        """
        with draft_for(self.path) as draft:
            with self.open(lock_wait_seconds, create=False) as connection:
                _copy_database(connection, draft)
                connection.execute("CHECKPOINT")
            before = _state(self.path)
            with file_lock(self.path, lock_wait_seconds):
                if _state(self.path) != before or wal_path(self.path).exists():
                    raise WarehouseError(f"{self.path} was written to meanwhile. It was left as it is. Try again.")
                swap_in(draft, self.path)
        return self.path.stat().st_size

    def copy_tables(self, connection: Connection, target: Path, tables: Sequence[str]) -> dict[str, int]:
        """Copy the whole file: of 0.8 GB this takes 0.8 s, and COPY FROM DATABASE 25 s."""
        # Without a checkpoint the newest rows are in the write-ahead log, which is not copied.
        connection.execute("CHECKPOINT")
        copy_file(self.path, target)
        return row_counts(connection, tables)

    def byte_count(self, connection: Connection) -> int:
        """Return the bytes of the file."""
        return self.path.stat().st_size


def _require_writable(path: Path) -> None:
    if not os.access(path, os.W_OK):
        raise WarehouseError(f"{path} may not be written. Change its permissions, or set CCE_WAREHOUSE.")


def _copy_database(connection: Connection, draft: Path) -> None:
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    connection.execute(f"ATTACH {literal(draft.absolute())} AS {_FRESH} (STORAGE_VERSION '{STORAGE_VERSION}')")
    connection.execute(f"COPY FROM DATABASE {identifier(name)} TO {_FRESH}")
    connection.execute(f"CHECKPOINT {_FRESH}")
    wrong = differences(read_contents(connection, name), read_contents(connection, _FRESH))
    definitions = [connection.execute(_DEFINITIONS, [database]).fetchall() for database in (name, _FRESH)]
    if wrong or definitions[0] != definitions[1]:
        what = ", ".join(wrong) or "the definitions of tables and columns"
        raise WarehouseError(f"{draft}, the new copy of the warehouse, differs in {what} and is discarded. Try again.")
    connection.execute(f"DETACH {_FRESH}")


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
