"""A lake: tables as Parquet files, their catalog in PostgreSQL (or a DuckDB file, for one process alone).

Lives here: attaching one, how its tables are parted. Does not: its location (`location`), whose turn it is (`turns`).
Source: DuckLake's pages "Connecting", "Partitioning", "Data Inlining".
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.settings.location import Lake
from cce_etl.warehouse.quoting import literal

if TYPE_CHECKING:
    import tenacity

NAME: Final = "lake"
# DuckDB reads AWS_ACCESS_KEY_ID and the like from the environment itself, and DUCKDB_S3_ENDPOINT, but not this one.
_URL_STYLE: Final = "DUCKDB_S3_URL_STYLE"
_RACED: Final = r"(?s).*(duplicate key|already exists|could not serialize|concurrently)"
_RACE_SECONDS: Final = 20
_NOT_MADE: Final = ("creating a new DuckLake is explicitly disabled", "in read-only mode: database does not exist")
# Each source writes files of its own; bodies and trees one a day as well, so that what is old and what a query of some
# days does not ask for is never read. By the day they were fetched: by the day they began, the first load of a
# source's whole history would write a file a day of it in each batch.
_PARTS: Final = {
    "raw.job_ids": "source",
    "raw.job_payloads": "source, year(fetched_at), month(fetched_at), day(fetched_at)",
    "raw.dead_letters": "source",
    "raw.fetch_runs": "source",
    "raw.clusters": "source",
    "raw.changed_roots": "source",
    "core.jobs": "source, year(observed_at), month(observed_at), day(observed_at)",
}
# With zstd a file is some 40 % smaller than with snappy. Rows kept in the catalog instead of a file would lose their
# nanoseconds in PostgreSQL, so none are.
_OPTIONS: Final = {"parquet_compression": "zstd", "data_inlining_row_limit": "0"}


@contextmanager
def open_lake(lake: Lake, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach a lake and use it, so that core.jobs means its table.

    Raises ConfigError when an extension is missing, or it is new and has no folder for its files.
    """
    # To check the signatures of 99 MB of extensions costs 0.6 CPU seconds each time a lake is opened. pip has checked
    # their packages by hash, and who can change them can change this file; nobody's SQL but ours runs here.
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    try:
        connection.execute("SET preserve_insertion_order = false")
        attach_lake(connection, lake, read_only=read_only)
        connection.execute(f"USE {NAME}")
        yield connection
    finally:
        connection.close()


def attach_lake(connection: duckdb.DuckDBPyConnection, lake: Lake, *, read_only: bool = False) -> None:
    """Attach a lake as a database of the name NAME; raise ConfigError as `open_lake` does."""
    load_extensions(connection, "ducklake", "httpfs", *(("postgres_scanner",) if lake.is_shared else ()))
    style = os.environ.get(_URL_STYLE)
    if style:
        connection.execute(f"SET s3_url_style = {literal(style)}")
    options = ["READ_ONLY"] if read_only else [f"DATA_PATH {literal(lake.data)}"] if lake.data else []
    options.append("DATA_INLINING_ROW_LIMIT 0")
    try:
        _made_once()(connection.execute, f"ATTACH {literal(str(lake))} AS {NAME} ({', '.join(options)})")
    except duckdb.Error as error:
        raise _readable(lake, error) from error


def _made_once() -> "tenacity.Retrying":
    """Return what tries again where several processes made a new catalog at once, which one of them has done then."""
    import tenacity  # brings asyncio and tornado: a tenth of a second that only lakes are worth

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_message(match=_RACED),
        wait=tenacity.wait_random(0.1, 0.5),
        stop=tenacity.stop_after_delay(_RACE_SECONDS),
        reraise=True,
    )


def is_made(lake: Lake) -> bool:
    """Tell whether there is such a lake; raise ConfigError or DuckDB's error when that cannot be told."""
    try:
        with open_lake(lake, read_only=True):
            return True
    except WarehouseError:
        return False


def part_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Part the tables that loading writes by source, and the large ones by day."""
    for table, keys in _PARTS.items():
        connection.execute(f"ALTER TABLE {table} SET PARTITIONED BY ({keys})")
    for option, value in _OPTIONS.items():
        connection.execute(f"CALL {NAME}.set_option({literal(option)}, {literal(value)})")


def is_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the database in use is a lake."""
    rows = connection.execute(
        "SELECT 1 FROM duckdb_databases() WHERE type = 'ducklake' AND database_name = current_database()"
    ).fetchall()
    return bool(rows)


def _readable(lake: Lake, error: duckdb.Error) -> Exception:
    said = str(error)
    if any(words in said for words in _NOT_MADE):
        return WarehouseError(f"There is no lake at {lake} yet. Run `cce-etl run` first, or set CCE_WAREHOUSE.")
    if "data_path" in said.lower():
        return ConfigError(
            f"The lake {lake} cannot be opened: {said.splitlines()[0]} "
            "Set CCE_WAREHOUSE_DATA to where its files are, or are to go: a folder or s3://bucket/prefix."
        )
    return error


def load_extensions(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions, each from the package duckdb-extension-<name>, and let DuckDB look for none elsewhere.

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
