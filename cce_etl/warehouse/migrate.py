"""From a DuckDB file into a lake, or back: everything that cannot be made again.

Lives here: copying in one transaction, and proving that each table holds the same rows. Does not: models, which the
next build makes anew; a copy of a file as it is (`backup`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.models.model import count_rows
from cce_etl.settings.location import Lake, Location
from cce_etl.warehouse.connection import (
    Connection,
    open_existing_warehouse,
    open_warehouse,
    transaction,
    warehouse_errors,
)
from cce_etl.warehouse.files import Contents, read_rows
from cce_etl.warehouse.lake import NAME, attach_lake
from cce_etl.warehouse.quoting import literal


class Migrated(msgspec.Struct, frozen=True):
    """Say where a warehouse was migrated to, and the rows of each table there."""

    target: str
    table_rows: dict[str, int]


_FILE: Final = "cce_etl_moved"
# What was fetched and what became of it, each with the column by which a lake parts it, so that one file after another
# is written. Of which trees the models were built last is not true of the other place.
_TABLES: Final = {
    "raw.job_ids": "job_id",
    "raw.job_payloads": "fetched_at",
    "raw.dead_letters": "failed_at",
    "raw.fetch_runs": "started_at",
    "raw.clusters": "observed_at",
    "core.jobs": "observed_at",
}


def migrate(origin: Location, target: Location, lock_wait_seconds: float = 0.0) -> Migrated:
    """Copy a warehouse into an empty one of the other kind, and say what is there then; the old one is kept.

    Raises ConfigError when both are of one kind or the new one is not empty, WarehouseError when a table differs in
    the end: then nothing is in the new one.
    """
    if isinstance(origin, Lake) == isinstance(target, Lake):
        raise ConfigError(
            f"{origin} and {target} are of one kind. A file moves into a lake (ducklake:...), a lake into a file."
        )
    with open_existing_warehouse(origin, lock_wait_seconds):
        pass  # brings the tables of an older version up to date
    with (
        open_warehouse(target, lock_wait_seconds) as connection,
        _attached(connection, origin) as name,
        warehouse_errors(target),
        transaction(connection),
    ):
        _require_empty(connection, target)
        rows = {table: _move_table(connection, table, name, target) for table in _TABLES}
    return Migrated(str(target), rows)


@contextmanager
def _attached(connection: Connection, origin: Location) -> Iterator[str]:
    with warehouse_errors(origin):
        if isinstance(origin, Lake):
            attach_lake(connection, origin, read_only=True)
        else:
            connection.execute(f"ATTACH {literal(origin.absolute())} AS {_FILE} (READ_ONLY)")
    yield NAME if isinstance(origin, Lake) else _FILE


def _require_empty(connection: Connection, target: Location) -> None:
    filled = [table for table in _TABLES if count_rows(connection, table)]
    if filled:
        raise ConfigError(f"{target} is not empty: {', '.join(filled)} have rows. Move into a new one.")


def _move_table(connection: Connection, table: str, origin: str, target: Location) -> int:
    connection.execute(f"INSERT INTO {table} BY NAME FROM {origin}.{table} ORDER BY source, {_TABLES[table]}")
    found: tuple[Contents, ...] = (read_rows(connection, f"{origin}.{table}"), read_rows(connection, table))
    if found[0] != found[1]:
        raise WarehouseError(f"{table} differs in {target} after the copy; nothing of it is kept. Try again.")
    return found[1].row_count
