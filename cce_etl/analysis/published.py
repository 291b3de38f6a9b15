"""The published file, open for reading: SQL in, a pandas frame or plain rows out."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cce_etl.publish import query
from cce_etl.settings.settings import read_settings
from cce_etl.warehouse.connection import Connection, warehouse_errors

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Published:
    """The published file as it was when opened. Close it after use, or use it in a `with` statement."""

    path: Path
    _connection: Connection = field(repr=False)
    _open: ExitStack = field(repr=False)

    def frame(self, sql: str, parameters: Sequence[object] = ()) -> "pandas.DataFrame":
        """Return the rows of a query; TIMESTAMP_NS becomes datetime64[ns], naive UTC and exact to the nanosecond.

        Raises:
            WarehouseError: with DuckDB's words, for a query it does not accept.
        """
        with warehouse_errors(self.path):
            return self._connection.execute(sql, list(parameters)).df()

    def records(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query by column name, without pandas; TIMESTAMP_NS becomes text, exact to the ns.

        Raises:
            CceEtlError: with DuckDB's words, for a query it does not accept.
        """
        result = query.query(self._connection, sql)
        return [dict(zip(result.columns, row, strict=True)) for row in result.rows]

    def close(self) -> None:
        """Close the file; closing it again does nothing."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_published(path: str | Path | None = None) -> Published:
    """Open the published file at `path`, or without a path where the settings say (CCE_PUBLISHED, cce-etl.toml).

    Raises:
        WarehouseError: there is no such file, or it cannot be read.
        ConfigError: the settings are wrong.
    """
    chosen = read_settings({}).published if path is None else Path(path)
    files = ExitStack()
    return Published(chosen, files.enter_context(query.open_published(chosen)), files)
