"""The views that the server shows to analysts, on the newest version of the published file."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from cce_etl.errors import WarehouseError
from cce_etl.warehouse.connection import Connection, transaction, warehouse_errors
from cce_etl.warehouse.quoting import literal

# Each version of the served database is attached under this name and a number. Clients see views on it.
SERVED_PREFIX: Final = "served_"
_SERVED: Final = """
    SELECT schema_name, table_name FROM (
        SELECT database_name, schema_name, table_name, internal FROM duckdb_tables()
        UNION ALL SELECT database_name, schema_name, view_name, internal FROM duckdb_views()
    )
    WHERE database_name = $1 AND NOT internal
        AND (schema_name IN ('core', 'marts') OR (schema_name, table_name) = ('main', 'manifest'))
    ORDER BY ALL
"""


class ServedDatabase(msgspec.Struct, frozen=True):
    """A database that is served.

    Attributes:
        attach: attaches the newest version to a connection under a name.
        version: returns a value that is another one for each version.
        paths: the files that DuckDB may read.
        folders: the folders that DuckDB may read.
        prepare: loads extensions and creates secrets; called once, before the settings are locked.
    """

    attach: Callable[[Connection, str], None]
    version: Callable[[], object]
    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    prepare: Callable[[Connection], None] = lambda _: None


def published_database(published: Path) -> ServedDatabase:
    """Return the published file as a served database. Each version is a new file, since publishing replaces it."""
    path = published.resolve()

    def attach(connection: Connection, name: str) -> None:
        with warehouse_errors(published):
            # One path may be attached twice; each database then is the file that was there at that time.
            connection.execute(f"ATTACH {literal(path)} AS {name} (READ_ONLY)")

    def version() -> object:
        try:
            state = path.stat()
        except OSError as error:
            raise WarehouseError(
                f"There is no published file at {published} ({error.strerror}). "
                "Run `cce-etl run` first, or set CCE_PUBLISHED."
            ) from None
        return state.st_dev, state.st_ino, state.st_mtime_ns

    # DuckDB looks for a write-ahead log too.
    return ServedDatabase(attach, version, (str(path), f"{path}.wal"))


class ServedViews:
    """Views on the newest version of a served database.

    The version before it stays attached, so that queries which started on it can end.
    """

    def __init__(self, connection: Connection, database: ServedDatabase) -> None:
        self._connection = connection
        self._database = database
        self._version: object = None
        self._names: list[str] = []
        self._numbers = count(1)

    def refresh(self) -> None:
        """Show the newest version when there is a newer one; raise WarehouseError when it cannot be served."""
        version = self._database.version()
        if version == self._version:
            return
        name = f"{SERVED_PREFIX}{next(self._numbers)}"
        self._database.attach(self._connection, name)
        try:
            self._show(name)
        except (WarehouseError, duckdb.Error) as error:
            self._connection.execute(f"DETACH {name}")
            raise WarehouseError(str(error)) from None
        self._version = version
        self._names.append(name)
        if len(self._names) > 2:
            self._connection.execute(f"DETACH {self._names.pop(0)}")

    def _show(self, name: str) -> None:
        tables = self._connection.execute(_SERVED, [name]).fetchall()
        if not tables:
            raise WarehouseError(
                "The file to serve has no table of core or marts. Run `cce-etl publish`, or set CCE_PUBLISHED."
            )
        shown = self._connection.execute(_SERVED, ["memory"]).fetchall()
        with transaction(self._connection):
            for schema, table in tables:
                self._connection.execute(f'CREATE OR REPLACE VIEW {schema}."{table}" AS FROM {name}.{schema}."{table}"')
            for schema, table in set(shown) - set(tables):
                self._connection.execute(f'DROP VIEW {schema}."{table}"')
