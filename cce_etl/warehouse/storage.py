"""What a place for the warehouse's tables must offer. A DuckDB file (file.py) and a lake (lake.py) do."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec
from duckdb import DuckDBPyConnection as Connection


class Compaction(msgspec.Struct, frozen=True):
    """What a compaction did: data files before and after it, snapshots expired, files deleted."""

    files_before: int = 0
    files_after: int = 0
    expired_snapshots: int = 0
    deleted_files: int = 0


class Storage(Protocol):
    """The place of the warehouse's tables: `storage_at` and `storage_of` in connection.py choose the implementation."""

    @property
    def is_shared(self) -> bool:
        """Return whether several processes may write at once."""

    @property
    def keeps_snapshots(self) -> bool:
        """Return whether small files and old snapshots pile up, so that it has to be compacted regularly."""

    @property
    def build_connections(self) -> int:
        """Return how many connections of one process may create tables at the same time."""

    @property
    def keeps_view_column_comments(self) -> bool:
        """Return whether columns of views can have comments."""

    def exists(self) -> bool:
        """Return whether there is a database already."""

    def describe_new(self) -> str:
        """Return what the first run will create; raise ConfigError or WarehouseError when it could not."""

    def require_writable(self) -> None:
        """Raise WarehouseError when this user may not write."""

    def require_file(self) -> Path:
        """Return the one file that holds every table; raise ConfigError when there is no such file."""

    def open(self, lock_wait_seconds: float, *, create: bool) -> AbstractContextManager[Connection]:
        """Open for writing; with `create`, a database that is missing is created, without tables.

        Raises WarehouseError when it is missing, ConfigError when a setting or an extension is.
        """

    def open_to_read(self) -> AbstractContextManager[Connection]:
        """Open for reading; raise as `open` does."""

    def attach(self, connection: Connection) -> str:
        """Attach the database to a connection, read-only, and return its name there."""

    @property
    def partition_sql(self) -> str:
        """Return the statements that set how the rows of new tables are divided among data files."""

    def write_lock(self, connection: Connection, /) -> AbstractContextManager[object]:
        """Return a lock that excludes all other processes that write or build. It waits without limit."""

    def build_lock(self, connection: Connection, *, is_shared: bool = False) -> AbstractContextManager[None]:
        """Return a lock that excludes all other processes that write or build; a shared one only those that build.

        It waits without limit. The block must not take `write_lock`, which would wait for this lock.
        """

    def source_lock(self, connection: Connection, source: str, wait_seconds: float) -> AbstractContextManager[None]:
        """Return a lock that excludes other processes that fetch the source, so that they keep one rate limit.

        Entering it raises WarehouseBusyError when another process still holds it after `wait_seconds`.
        """

    def checkpoint(self, connection: Connection) -> None:
        """Write the log, where there is one, to the tables."""

    def reuse_deleted_space(self, connection: Connection) -> None:
        """Make the space of deleted rows usable for new rows; this costs as much as writing the tables concerned."""

    def compact(self, connection: Connection, snapshot_days: int) -> Compaction:
        """Merge small files and remove deleted rows; expire snapshots older than `snapshot_days`, with their files."""

    def vacuum(self, lock_wait_seconds: float, snapshot_days: int) -> int:
        """Write the tables as small as possible and return their bytes. This process must not have them open."""

    def copy_tables(self, connection: Connection, target: Path, tables: Sequence[str]) -> dict[str, int]:
        """Write a new DuckDB file that holds at least these tables, with comments, all as of one moment.

        Returns:
            The number of rows of each of `tables` at that moment, by its name with its schema.
        """

    def byte_count(self, connection: Connection) -> int:
        """Return the bytes of all data files of the tables as they are now."""
