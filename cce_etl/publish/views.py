"""The views that the server shows to analysts, on the newest version of the published file."""

from itertools import count
from pathlib import Path
from typing import Final

import duckdb

from cce_etl.errors import WarehouseError
from cce_etl.warehouse.connection import Connection, transaction, warehouse_errors
from cce_etl.warehouse.quoting import literal

# Each version of the published file is attached under this name and a number. Clients see views on it.
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


class ServedViews:
    """Views on the newest version of the published file. Publishing replaces the file, so each version is another file.

    The version before it stays attached, so that queries which started on it can end.
    """

    def __init__(self, connection: Connection, published: Path) -> None:
        self._connection = connection
        self._published = published
        self._version: object = None
        self._names: list[str] = []
        self._numbers = count(1)

    def refresh(self) -> None:
        """Show the newest version when there is a newer one; raise WarehouseError when it cannot be served."""
        try:
            state = self._published.stat()
        except OSError as error:
            raise WarehouseError(
                f"There is no published file at {self._published} ({error.strerror}). "
                "Run `cce-etl run` first, or set CCE_PUBLISHED."
            ) from None
        version = state.st_dev, state.st_ino, state.st_mtime_ns
        if version == self._version:
            return
        name = f"{SERVED_PREFIX}{next(self._numbers)}"
        with warehouse_errors(self._published):
            # One path may be attached twice; each database then is the file that was there at that time.
            self._connection.execute(f"ATTACH {literal(self._published.resolve())} AS {name} (READ_ONLY)")
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
