"""Read-only queries of the published file, whose timestamps keep their nanoseconds."""

import re
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import msgspec

from cce_etl.errors import CceEtlError, Interrupted, WarehouseError
from cce_etl.warehouse.connection import Connection, new_connection, warehouse_errors
from cce_etl.warehouse.quoting import identifier

_Result = TypeVar("_Result")
_FETCHED_ROWS: Final = 10_000
# Python's datetime has no nanoseconds. In a nested type the name of a field is followed by a blank, a type is not.
_TIMESTAMP_NS: Final = re.compile(r"\bTIMESTAMP_NS(?=[\[,)]|$)")


class QueryResult(msgspec.Struct, frozen=True):
    """The column names and the rows of a result, read in pieces. TIMESTAMP_NS values are text, exact to the ns."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def open_published(path: Path) -> Iterator[Connection]:
    """Open the published file for reading. It stays the version it is, whatever is published meanwhile.

    Raises WarehouseError when there is none, or it cannot be read.
    """
    if not path.exists():
        raise WarehouseError(f"There is no published file at {path}. Run `cce-etl run` first, or set CCE_PUBLISHED.")
    with warehouse_errors(path):
        connection = duckdb.connect(path.absolute(), read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def query(connection: Connection, sql: str) -> QueryResult:
    """Run one query and return its result; raise CceEtlError with DuckDB's message when it fails."""
    try:
        # A relation is the plan of a query: it has the types of the columns before the query runs.
        relation: duckdb.DuckDBPyRelation | None = connection.sql(sql)
        if relation is None:  # a statement without a result; the stubs leave this out
            return QueryResult([], iter(()))
        columns, kinds = list(relation.columns), [str(kind) for kind in relation.types]
        if any(_TIMESTAMP_NS.search(kind) for kind in kinds):
            sql = _with_text_timestamps(sql, columns, kinds)
        cursor = new_connection(connection)
        _interruptible(cursor, partial(cursor.execute, sql))
        return QueryResult(columns, _rows(cursor))
    except duckdb.Error as error:
        raise CceEtlError(f"The query failed: {error}") from None


def first_rows(connection: Connection, table: str, kinds: Mapping[str, str], row_count: int) -> list[tuple[Any, ...]]:
    """Return the first rows of a table's columns, given with their types; TIMESTAMP_NS values are text."""
    values = ", ".join(
        f"CAST({identifier(column)} AS {_TIMESTAMP_NS.sub('VARCHAR', kind)})" for column, kind in kinds.items()
    )
    return connection.execute(f"SELECT {values} FROM {table} LIMIT {row_count}").fetchall()


def _with_text_timestamps(sql: str, columns: list[str], kinds: list[str]) -> str:
    """Wrap a query so that TIMESTAMP_NS values become text; by position, since two columns may have one name."""
    positions = [f"c{number}" for number in range(len(columns))]
    values = ", ".join(
        f"CAST({position} AS {_TIMESTAMP_NS.sub('VARCHAR', kind)}) AS {identifier(column)}"
        if _TIMESTAMP_NS.search(kind)
        else f"{position} AS {identifier(column)}"
        for position, kind, column in zip(positions, kinds, columns, strict=True)
    )
    return f"SELECT {values} FROM (\n{_without_end(sql)}\n) AS result({', '.join(positions)})"


def _without_end(sql: str) -> str:
    """Return a statement without the semicolons at its end and the comments after them."""
    text = sql.encode()
    end = len(text)
    for offset, kind in reversed(duckdb.tokenize(sql)):  # offsets count bytes; DuckDB 1.5 has no tokens for comments
        if kind != duckdb.token_type.comment and text[offset : offset + 1] != b";":
            break
        end = offset
    return text[:end].decode()


def _interruptible(cursor: Connection, work: Callable[[], _Result]) -> _Result:
    """Call DuckDB in a thread; in the main thread, Python would not see Ctrl-C before DuckDB returns."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            cursor.interrupt()
            raise Interrupted("The query was stopped.", signal_number=signal.SIGINT) from None


def _rows(cursor: Connection) -> Iterator[tuple[Any, ...]]:
    try:
        while rows := _interruptible(cursor, partial(cursor.fetchmany, _FETCHED_ROWS)):
            yield from rows
    except duckdb.Error as error:
        raise CceEtlError(f"The query failed: {error}") from None
