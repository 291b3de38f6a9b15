"""Reading: the published file with SQL, and how the warehouse stands.

Lives here: read-only queries whose timestamps keep their nanoseconds.
Does not: writing of any kind, drawing tables (`cli/`).
"""

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
from cce_etl.models.model import row_counts
from cce_etl.publish.publish import Coverage, published_tables, read_coverage
from cce_etl.warehouse.connection import Connection, new_connection, warehouse_errors
from cce_etl.warehouse.quoting import identifier

_Result = TypeVar("_Result")
_ROWS_AT_ONCE: Final = 10_000
# A Python datetime would cut the nanoseconds off. Within a nested type, a field's name is followed by a blank.
_EXACT_KIND: Final = re.compile(r"\bTIMESTAMP_NS(?=[\[,)]|$)")


class QueryResult(msgspec.Struct, frozen=True):
    """Hold a result: column names, and the rows as they are read; TIMESTAMP_NS values are text, exact to the ns."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


class SourceState(msgspec.Struct, frozen=True):
    """Count the ids of one source in one state."""

    source: str
    state: str
    id_count: int


class OpenFailures(msgspec.Struct, frozen=True):
    """Count the open dead letters of one source and kind, with an example."""

    source: str
    kind: str
    letter_count: int
    example: str


class LastRun(msgspec.Struct, frozen=True):
    """Hold the account of an earlier run; times as text, UTC."""

    run_id: str
    source: str
    command: str
    started_at: str
    seconds: float
    requested: int
    fetched: int
    unchanged: int
    gone: int
    failed: int


class Status(msgspec.Struct, frozen=True):
    """Hold how the warehouse stands."""

    coverage: Coverage
    states: list[SourceState]
    failures: list[OpenFailures]
    runs: list[LastRun]
    table_rows: dict[str, int]


@contextmanager
def open_published(path: Path) -> Iterator[Connection]:
    """Open the published file for reading; it stays this version until closed, whatever is published meanwhile.

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
    """Run one query and return its result, read in pieces.

    Raises CceEtlError with DuckDB's words for a query it does not accept.
    """
    try:
        # A relation is only the plan of a query: it tells the types before anything runs.
        relation: duckdb.DuckDBPyRelation | None = connection.sql(sql)
        if relation is None:  # a statement without a result, which the stubs do not know of
            return QueryResult([], iter(()))
        columns, kinds = list(relation.columns), [str(kind) for kind in relation.types]
        if any(_EXACT_KIND.search(kind) for kind in kinds):
            sql = _exact(sql, columns, kinds)
        cursor = new_connection(connection)
        _stoppable(cursor, partial(cursor.execute, sql))
        return QueryResult(columns, _rows(cursor))
    except duckdb.Error as error:
        raise CceEtlError(f"The query failed: {error}") from None


def first_rows(connection: Connection, table: str, kinds: Mapping[str, str], row_count: int) -> list[tuple[Any, ...]]:
    """Return the first rows of a table's columns, given their types, as exact; on this connection, which waits."""
    values = ", ".join(f"CAST({identifier(column)} AS {_exact_kind(kind)})" for column, kind in kinds.items())
    return connection.execute(f"SELECT {values} FROM {table} LIMIT {row_count}").fetchall()


def _exact_kind(kind: str) -> str:
    return _EXACT_KIND.sub("VARCHAR", kind)


def _exact(sql: str, columns: list[str], kinds: list[str]) -> str:
    """Wrap a query so that its TIMESTAMP_NS values come as text; by place, since two columns may share a name."""
    places = [f"c{number}" for number in range(len(columns))]
    kept = [_exact_kind(kind) for kind in kinds]
    values = (
        place if kept_kind == kind else f"CAST({place} AS {kept_kind})"
        for place, kind, kept_kind in zip(places, kinds, kept, strict=True)
    )
    named = (value + ' AS "' + column.replace('"', '""') + '"' for value, column in zip(values, columns, strict=True))
    return f"SELECT {', '.join(named)} FROM (\n{_without_end(sql)}\n) AS result({', '.join(places)})"


def _without_end(sql: str) -> str:
    """Return a statement less the semicolons at its end, and the comments after them."""
    text = sql.encode()
    end = len(text)
    for place, kind in reversed(duckdb.tokenize(sql)):  # places count bytes; to DuckDB 1.5 comments are no tokens
        if kind != duckdb.token_type.comment and text[place : place + 1] != b";":
            break
        end = place
    return text[:end].decode()


def _stoppable(cursor: Connection, work: Callable[[], _Result]) -> _Result:
    """Do DuckDB's work in a thread: in the main one, Ctrl-C is not seen before a task of DuckDB ends, if ever."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        doing = pool.submit(work)
        try:
            return doing.result()
        except KeyboardInterrupt:
            cursor.interrupt()
            raise Interrupted("The query was stopped.", signal_number=signal.SIGINT) from None


def _rows(cursor: Connection) -> Iterator[tuple[Any, ...]]:
    try:
        while rows := _stoppable(cursor, partial(cursor.fetchmany, _ROWS_AT_ONCE)):
            yield from rows
    except duckdb.Error as error:
        raise CceEtlError(f"The query failed: {error}") from None


def read_status(connection: Connection, run_limit: int = 5) -> Status:
    """Return what the warehouse holds, what is pending, what failed, and its last runs."""
    states = connection.execute("SELECT source, state, count(*) FROM raw.job_ids GROUP BY ALL ORDER BY ALL").fetchall()
    failures = connection.execute(
        """
        SELECT source, kind, count(*), any_value(coalesce(job_id || ': ', '') || message)
        FROM raw.dead_letters WHERE resolved_at IS NULL GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    runs = connection.execute(
        """
        SELECT run_id, source, command, strftime(started_at, '%Y-%m-%d %H:%M:%S'),
            (epoch_ns(ended_at) - epoch_ns(started_at)) / 1e9, requested, fetched, unchanged, gone, failed
        FROM raw.fetch_runs ORDER BY started_at DESC, run_id LIMIT $1
        """,
        [run_limit],
    ).fetchall()
    return Status(
        coverage=read_coverage(connection),
        states=[SourceState(*row) for row in states],
        failures=[OpenFailures(*row) for row in failures],
        runs=[LastRun(*row) for row in runs],
        table_rows=row_counts(connection, published_tables(connection)),
    )
