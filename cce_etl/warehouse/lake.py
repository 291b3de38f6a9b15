"""A warehouse in a DuckLake: tables as Parquet files, their catalog in PostgreSQL or, for one process, a DuckDB file.

Source: DuckLake's pages "Connecting", "Partitioning", "Data Inlining" and "Maintenance".
"""

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

import duckdb
import msgspec
from duckdb import DuckDBPyConnection as Connection

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.settings.location import Lake
from cce_etl.warehouse.files import STORAGE_VERSION, row_counts
from cce_etl.warehouse.locks import advisory_lock
from cce_etl.warehouse.migrations import schema_sql
from cce_etl.warehouse.quoting import identifier, literal
from cce_etl.warehouse.storage import Compaction

NAME: Final = "lake"
# DuckLake attaches the catalog's database beside it under this name.
_CATALOG: Final = f"__ducklake_metadata_{NAME}"
# DuckDB reads AWS_ACCESS_KEY_ID and the like from the environment itself, and DUCKDB_S3_ENDPOINT, but not this one.
_URL_STYLE: Final = "DUCKDB_S3_URL_STYLE"
_RACED: Final = re.compile(r"(?s).*(duplicate key|already exists|could not serialize|concurrently)")
_RACE_SECONDS: Final = 20
_MISSING: Final = ("creating a new DuckLake is explicitly disabled", "in read-only mode: database does not exist")
# Each source has files of its own. Bodies and trees also have files of their own for each day, so that retention and
# queries of some days do not read the other days. It is the day of fetching: by the day that jobs started, the first
# load of a source's whole history would write a file for each day of it in each batch.
_PARTITIONS: Final = {
    "raw.job_ids": "source",
    "raw.job_payloads": "source, year(fetched_at), month(fetched_at), day(fetched_at)",
    "raw.dead_letters": "source",
    "raw.fetch_runs": "source",
    "raw.id_lists": "source",
    "raw.clusters": "source",
    "raw.changed_roots": "source",
    "core.jobs": "source, year(observed_at), month(observed_at), day(observed_at)",
}
# With zstd a file is some 40 % smaller than with snappy. Rows kept in the catalog instead of a file ("inlined") would
# lose their nanoseconds in PostgreSQL.
_OPTIONS: Final = {"parquet_compression": "zstd", "data_inlining_row_limit": "0"}
_BUILD, _WRITE = "build", "write"
_COPY: Final = "cce_etl_copy"
# DuckLake leaves the schema out of a view's statement.
_VIEWS: Final = f"""
    SELECT schema_name || '.' || view_name, 'USE {_COPY}.' || schema_name || '; ' || sql FROM duckdb_views()
    WHERE database_name = $1
"""
_COMMENTS: Final = """
    SELECT 'TABLE ' || schema_name || '.' || table_name, comment FROM duckdb_tables()
    WHERE database_name = $1 AND comment IS NOT NULL AND list_contains($2, schema_name || '.' || table_name)
    UNION ALL
    SELECT 'VIEW ' || schema_name || '.' || view_name, comment FROM duckdb_views()
    WHERE database_name = $1 AND comment IS NOT NULL AND list_contains($2, schema_name || '.' || view_name)
    UNION ALL
    SELECT 'COLUMN ' || schema_name || '.' || table_name || '."' || column_name || '"', comment FROM duckdb_columns()
    WHERE database_name = $1 AND comment IS NOT NULL AND list_contains($2, schema_name || '.' || table_name)
"""


class LakeStorage(msgspec.Struct, frozen=True):
    """A warehouse in a DuckLake."""

    lake: Lake
    keeps_snapshots: ClassVar[bool] = True
    # Connections of a process share what DuckLake 1.5.5 knows of the tables, and a connection that reads this while
    # another creates a table may fail (duckdb/ducklake#1248): of 24 builds with two connections, three failed.
    build_connections: ClassVar[int] = 1
    keeps_view_column_comments: ClassVar[bool] = False
    partition_sql: ClassVar[str] = "".join(
        [
            *(f"ALTER TABLE {table} SET PARTITIONED BY ({keys});" for table, keys in _PARTITIONS.items()),
            *(f"CALL {NAME}.set_option({literal(option)}, {literal(value)});" for option, value in _OPTIONS.items()),
        ]
    )

    @property
    def is_shared(self) -> bool:
        """Return whether the catalog is a server's, so that several processes may write."""
        return self.lake.is_shared

    def exists(self) -> bool:
        """Return whether the catalog holds a lake; raise ConfigError or DuckDB's error when it cannot tell."""
        try:
            with self.open_to_read():
                return True
        except WarehouseError:
            return False

    def describe_new(self) -> str:
        """Return what the first run will create; raise ConfigError when it does not know where the files go."""
        if self.lake.data is None:
            raise ConfigError(f"{self.lake} is new. Set CCE_WAREHOUSE_DATA to the folder or bucket for its files.")
        return f"{self.lake} will be made by the first run, its files in {self.lake.data}"

    def require_writable(self) -> None:
        """Do nothing: only a write shows whether the catalog and the bucket allow it."""

    def require_file(self) -> Path:
        """Raise ConfigError: a lake is backed up by other means."""
        raise ConfigError(
            f"{self.lake} is no file that this command could copy. Back up its catalog with pg_dump, and the folder or "
            "bucket of its files with that store's own means. `cce-etl publish` writes core and marts to one file."
        )

    @contextmanager
    def open(self, lock_wait_seconds: float, *, create: bool) -> Iterator[Connection]:
        """Open the lake for writing; PostgreSQL lets several processes in, so that nobody waits here."""
        data = [f"DATA_PATH {literal(self.lake.data)}"] if self.lake.data else []
        with self._open([*data, f"CREATE_IF_NOT_EXISTS {create}"]) as connection:
            yield connection

    @contextmanager
    def open_to_read(self) -> Iterator[Connection]:
        """Open the lake for reading."""
        with self._open(["READ_ONLY"]) as connection:
            yield connection

    @contextmanager
    def _open(self, options: Sequence[str]) -> Iterator[Connection]:
        # To check the signatures of 99 MB of extensions costs 0.6 CPU seconds each time. pip has checked the packages
        # by hash, whoever can change them can change this file too, and nobody's SQL but ours runs here.
        connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        try:
            connection.execute("SET preserve_insertion_order = false")
            self._attach(connection, options)
            connection.execute(f"USE {NAME}")
            yield connection
        finally:
            connection.close()

    def attach(self, connection: Connection) -> str:
        """Attach the lake, read-only, and return its name."""
        self._attach(connection, ["READ_ONLY"])
        return NAME

    def _attach(self, connection: Connection, options: Sequence[str]) -> None:
        import tenacity  # imports asyncio and tornado, a tenth of a second that files need not spend

        load_extensions(connection, "ducklake", "httpfs", *(("postgres_scanner",) if self.is_shared else ()))
        style = os.environ.get(_URL_STYLE)
        if style:
            connection.execute(f"SET s3_url_style = {literal(style)}")
        # Of several processes that create one catalog at once, one succeeds; the others find it when they try again.
        attaching = tenacity.Retrying(
            retry=tenacity.retry_if_exception_message(match=_RACED),
            wait=tenacity.wait_random(0.1, 0.5),
            stop=tenacity.stop_after_delay(_RACE_SECONDS),
            reraise=True,
        )
        try:
            attaching(
                connection.execute,
                f"ATTACH {literal(self.lake)} AS {NAME} ({', '.join([*options, 'DATA_INLINING_ROW_LIMIT 0'])})",
            )
        except duckdb.Error as error:
            said = str(error)
            if any(words in said for words in _MISSING):
                raise WarehouseError(
                    f"There is no lake at {self.lake}. Run `cce-etl run` first, or set CCE_WAREHOUSE."
                ) from None
            if "data_path" in said.lower():
                raise ConfigError(
                    f"The lake {self.lake} cannot be opened: {said.splitlines()[0]} "
                    "Set CCE_WAREHOUSE_DATA to the place of its files: a folder or s3://bucket/prefix."
                ) from None
            raise

    @contextmanager
    def write_lock(self, connection: Connection) -> Iterator[None]:
        """Exclude all other processes that write or build.

        A transaction of DuckLake fails when another has deleted rows meanwhile from a table that it inserts into,
        whatever source the rows are of. Of two writers, one would have to do all its work again.
        """
        with self._lock(connection, _BUILD, is_shared=True), self._lock(connection, _WRITE):
            yield

    def build_lock(self, connection: Connection, *, is_shared: bool = False) -> AbstractContextManager[None]:
        """Exclude all other processes that write or build; with `is_shared` only those that build.

        A tree that is loaded during a build would be removed from raw.changed_roots without being built, and two builds
        at once would insert its rows twice.
        """
        return self._lock(connection, _BUILD, is_shared=is_shared)

    def source_lock(self, connection: Connection, source: str, wait_seconds: float) -> AbstractContextManager[None]:
        """Exclude other processes that fetch the source."""
        return self._lock(connection, f"source {source}", wait_seconds=wait_seconds)

    def _lock(
        self, connection: Connection, name: str, *, is_shared: bool = False, wait_seconds: float = float("inf")
    ) -> AbstractContextManager[None]:
        if not self.is_shared:
            return nullcontext()
        return advisory_lock(connection, _CATALOG, name, is_shared=is_shared, wait_seconds=wait_seconds)

    def checkpoint(self, connection: Connection) -> None:
        """Do nothing: a lake has no log."""

    def reuse_deleted_space(self, connection: Connection) -> None:
        """Do nothing: `compact` removes deleted rows."""

    def compact(self, connection: Connection, snapshot_days: int) -> Compaction:
        """Merge small files and remove deleted rows; expire old snapshots and delete files that none needs.

        The tables stay as they are; they can be read as they were in the last `snapshot_days`. Writers wait meanwhile:
        a row that is deleted from a file while the file is merged would make one of the two fail.
        """
        with self.write_lock(connection):
            before = _file_count(connection)
            connection.execute(f"CALL ducklake_rewrite_data_files('{NAME}')").fetchall()
            connection.execute(f"CALL ducklake_merge_adjacent_files('{NAME}')").fetchall()
            older = f"older_than => now() - INTERVAL {snapshot_days} DAY"
            expired = connection.execute(f"CALL ducklake_expire_snapshots('{NAME}', {older})").fetchall()
            deleted = connection.execute(f"CALL ducklake_cleanup_old_files('{NAME}', {older})").fetchall()
            return Compaction(before, _file_count(connection), len(expired), len(deleted))

    def vacuum(self, lock_wait_seconds: float, snapshot_days: int) -> int:
        """Compact the lake and return the bytes of its tables."""
        with self.open(lock_wait_seconds, create=False) as connection:
            self.compact(connection, snapshot_days)
            return self.byte_count(connection)

    def copy_tables(self, connection: Connection, target: Path, tables: Sequence[str]) -> dict[str, int]:
        """Write the tables to a new DuckDB file, as they are in one snapshot, and the views."""
        ((current,),) = connection.execute("SELECT current_database()").fetchall()
        lake = identifier(current)
        connection.execute(f"ATTACH {literal(target.absolute())} AS {_COPY} (STORAGE_VERSION '{STORAGE_VERSION}')")
        try:
            # Unlike the lake's own, these definitions say which columns are never NULL.
            connection.execute(f"USE {_COPY}; {schema_sql()}; USE {lake}")
            ready = {f"{_COPY}.{name}" for name in _PARTITIONS}
            connection.execute("BEGIN TRANSACTION")
            try:
                counts = row_counts(connection, tables)
                views = dict(connection.execute(_VIEWS, [current]).fetchall())
                for name in [name for name in tables if name not in views]:
                    copy = f"{_COPY}.{name}"
                    connection.execute(
                        f"INSERT INTO {copy} BY NAME FROM {name}"
                        if copy in ready
                        else f"CREATE TABLE {copy} AS FROM {name}"
                    )
                comments = connection.execute(_COMMENTS, [current, list(tables)]).fetchall()
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            _create_views(connection, [views[name] for name in tables if name in views])
            connection.execute(
                f"USE {_COPY}; " + "; ".join(f"COMMENT ON {what} IS {literal(comment)}" for what, comment in comments)
            )
        finally:
            connection.execute(f"USE {lake}; DETACH {_COPY}")
        return counts

    def byte_count(self, connection: Connection) -> int:
        """Return the bytes of the data and delete files of the tables as they are now."""
        return _sum_of_tables(connection, "file_size_bytes + delete_file_size_bytes")


def _create_views(connection: Connection, statements: Sequence[str]) -> None:
    """Create views in an order in which each finds the views that it selects from."""
    waiting = deque(statements)
    failed_in_a_row = 0
    while waiting:
        try:
            connection.execute(waiting[0])
            waiting.popleft()
            failed_in_a_row = 0
        except duckdb.CatalogException:
            failed_in_a_row += 1
            if failed_in_a_row == len(waiting):
                raise
            waiting.rotate(-1)


def _file_count(connection: Connection) -> int:
    return _sum_of_tables(connection, "file_count + delete_file_count")


def _sum_of_tables(connection: Connection, value: str) -> int:
    ((total,),) = connection.execute(f"SELECT coalesce(sum({value}), 0) FROM ducklake_table_info('{NAME}')").fetchall()
    return int(total)


def load_extensions(connection: Connection, *names: str) -> None:
    """Load DuckDB's extensions, each from the installed package duckdb-extension-<name>; nothing is downloaded.

    Raises ConfigError when a package is missing or made for another release of DuckDB.
    """
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    for name in names:
        file = _extension_file(name)
        try:
            connection.execute(f"LOAD {literal(file)}")
        except duckdb.Error as error:
            raise ConfigError(f"DuckDB's extension {name} cannot be loaded from {file}: {error}.") from None


def _extension_file(name: str) -> Path:
    found = find_spec(f"duckdb_extension_{name}")
    if found is None or not found.submodule_search_locations:
        raise ConfigError(
            f"DuckDB's extension {name} is not installed. Install what a lake needs: pip install 'cce-etl[lake]'."
        )
    folder = Path(found.submodule_search_locations[0], "extensions")
    file = folder / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not file.is_file():
        made_for = ", ".join(sorted(path.name for path in folder.glob("v*"))) or "no release"
        raise ConfigError(
            f"The package of DuckDB's extension {name} is made for {made_for}, and DuckDB is {duckdb.__version__}. "
            "Install both anew: pip install 'cce-etl[lake]'."
        )
    return file
