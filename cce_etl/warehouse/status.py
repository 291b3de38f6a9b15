"""What the warehouse holds, how large it is, and whether a run can work with it."""

from typing import Final

import msgspec

from cce_etl.settings.location import Location
from cce_etl.warehouse.connection import Connection, open_warehouse_to_read, storage_at, warehouse_errors
from cce_etl.warehouse.files import row_counts

_COVERAGE: Final = """
    SELECT
        count(*), count(last_fetched_at), count(*) FILTER (state = 'pending'), count(*) FILTER (state = 'running'),
        count(*) FILTER (state = 'gone'),
        (SELECT count(DISTINCT (source, job_id)) FROM raw.dead_letters WHERE resolved_at IS NULL)
    FROM raw.job_ids
"""


def warehouse_status(location: Location) -> str:
    """Return one line on the warehouse; raise ConfigError or WarehouseError when a run could not work with it."""
    storage = storage_at(location)
    with warehouse_errors(location):
        if not storage.exists():
            return storage.describe_new()
    with open_warehouse_to_read(location) as connection:
        storage.require_writable()
        return f"{location}, {storage.byte_count(connection):,} bytes"


class PayloadSizes(msgspec.Struct, frozen=True):
    """The number of stored bodies, and their bytes as they were sent and as they are stored, compressed."""

    body_count: int
    sent_bytes: int
    stored_bytes: int


def payload_sizes(connection: Connection) -> PayloadSizes:
    """Return the sizes of all bodies in raw.job_payloads."""
    (row,) = connection.execute(
        "SELECT count(*), coalesce(sum(body_bytes), 0), coalesce(sum(octet_length(body)), 0) FROM raw.job_payloads"
    ).fetchall()
    return PayloadSizes(*map(int, row))


class Coverage(msgspec.Struct, frozen=True):
    """The ids the warehouse has: all, answered at least once, never asked, unfinished, gone, and failing."""

    ids_asked: int
    ids_fetched: int
    ids_pending: int
    ids_running: int
    ids_gone: int
    ids_failed: int


class SourceState(msgspec.Struct, frozen=True):
    """The number of ids of one source in one state."""

    source: str
    state: str
    id_count: int


class OpenFailures(msgspec.Struct, frozen=True):
    """The number of open dead letters of one source and kind, with an example."""

    source: str
    kind: str
    letter_count: int
    example: str


class LastRun(msgspec.Struct, frozen=True):
    """A row of raw.fetch_runs; the time is text, UTC."""

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
    """What the warehouse holds, what failed, and its last runs."""

    coverage: Coverage
    states: list[SourceState]
    failures: list[OpenFailures]
    runs: list[LastRun]
    table_rows: dict[str, int]


def read_status(connection: Connection, run_limit: int = 5) -> Status:
    """Return what the warehouse holds, how many ids are in which state, what failed, and the last runs."""
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


def published_tables(connection: Connection) -> list[str]:
    """Return the names of the tables and views that are published, with their schemas."""
    rows = connection.execute(
        """
        SELECT table_schema || '.' || table_name FROM information_schema.tables
        WHERE table_catalog = current_database() AND table_schema IN ('core', 'marts') ORDER BY ALL
        """
    ).fetchall()
    return [name for (name,) in rows]


def read_coverage(connection: Connection) -> Coverage:
    """Return how many ids the warehouse has, by what became of them."""
    (row,) = connection.execute(_COVERAGE).fetchall()
    return Coverage(*row)
