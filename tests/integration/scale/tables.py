"""All rows of a warehouse, to compare two of them."""

from typing import Any

from cce_etl.settings.location import Location
from cce_etl.warehouse.connection import Connection, open_warehouse_to_read
from cce_etl.warehouse.status import published_tables

# Tables of runs contain the run's id and duration, which differ.
_RUN_TABLES = ".ingest_"
_KEPT = ("raw.job_ids", "raw.job_payloads")
# A job is requested once more when its worker dies before it has ended.
_EXCLUDED = {"raw.job_ids": "EXCLUDE (attempts)"}


def rows_of(location: Location) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of all fetched and built tables, sorted."""
    with open_warehouse_to_read(location) as connection:
        tables = [*_KEPT, *(table for table in published_tables(connection) if _RUN_TABLES not in table)]
        return {table: _rows(connection, table) for table in tables}


def _rows(connection: Connection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * {_EXCLUDED.get(table, '')} FROM {table} ORDER BY ALL").fetchall()
