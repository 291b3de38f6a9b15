"""The rows of a warehouse, to compare one with another.

Lives here: which tables say what was fetched and built, and reading them. Does not: expectations.
"""

from typing import Any

from cce_etl.settings.location import Location
from cce_etl.warehouse.connection import Connection, open_warehouse_to_read
from cce_etl.warehouse.status import published_tables

# The account of a run names the run, and how long it took.
_ACCOUNTS = ".ingest_"
_KEPT = ("raw.job_ids", "raw.job_payloads")
# How often a job was asked for: once more when its worker dies while it has not ended.
_COUNTED = {"raw.job_ids": "EXCLUDE (attempts)"}


def rows_of(location: Location) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of what was fetched and built, in an order of its own."""
    with open_warehouse_to_read(location) as connection:
        tables = [*_KEPT, *(table for table in published_tables(connection) if _ACCOUNTS not in table)]
        return {table: _rows(connection, table) for table in tables}


def _rows(connection: Connection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * {_COUNTED.get(table, '')} FROM {table} ORDER BY ALL").fetchall()
