"""What is served to analysts: an database, and views on its newest version.

Lives here: attaching it, what clients see of it, moving on to a newer version.
Does not: listening (`serving`), what clients may run (`serving_rules`), making the published file (`publish`).
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from cce_etl.errors import WarehouseError
from cce_etl.warehouse.connection import Connection, transaction, warehouse_errors
from cce_etl.warehouse.quoting import literal

# What is served is attached under this and a number. Clients see views on it.
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


def _prepare_nothing(_: Connection) -> None:
    """Prepare nothing."""


class ServedDatabase(msgspec.Struct, frozen=True):
    """Hold what is served: how it is attached under a name, what differs between two versions, what DuckDB may read.

    `prepare` loads extensions and makes secrets, once and before the first `attach`: after it, neither can be done.
    """

    attach: Callable[[Connection, str], None]
    version: Callable[[], object]
    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    prepare: Callable[[Connection], None] = _prepare_nothing


def published_database(published: Path) -> ServedDatabase:
    """Return the published file as an database; a version of it is a file, since publishing swaps in a new one."""
    path = published.resolve()

    def attach(connection: Connection, name: str) -> None:
        with warehouse_errors(published):
            # The same path may be attached twice, each time as the file that is there at that time.
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

    # Attaching looks whether there is a write-ahead log, too.
    return ServedDatabase(attach, version, (str(path), f"{path}.wal"))


class ServedViews:
    """Views of the server's own database on the newest version of a served database.

    The version before stays attached until the next one: a query that began while its views were the newest ends well.
    """

    def __init__(self, connection: Connection, database: ServedDatabase) -> None:
        self._connection = connection
        self._offer = database
        self._version: object = None
        self._names: list[str] = []
        self._numbers = count(1)

    def refresh(self) -> None:
        """Move on to a newer version, if there is one; raise WarehouseError when it cannot be served."""
        version = self._offer.version()
        if version == self._version:
            return
        name = f"{SERVED_PREFIX}{next(self._numbers)}"
        self._offer.attach(self._connection, name)
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
                "What is to be served holds no table of core or marts. Run `cce-etl publish`, or set CCE_PUBLISHED."
            )
        shown = self._connection.execute(_SERVED, ["memory"]).fetchall()
        with transaction(self._connection):
            for schema, table in tables:
                self._connection.execute(f'CREATE OR REPLACE VIEW {schema}."{table}" AS FROM {name}.{schema}."{table}"')
            for schema, table in set(shown) - set(tables):
                self._connection.execute(f'DROP VIEW {schema}."{table}"')
