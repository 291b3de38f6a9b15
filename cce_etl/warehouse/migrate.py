"""Copying a warehouse from a file into a lake, or back: everything that cannot be built again."""

from typing import Final

import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.settings.location import Location
from cce_etl.warehouse.connection import (
    Connection,
    open_existing_warehouse,
    open_warehouse,
    storage_at,
    transaction,
    warehouse_errors,
)
from cce_etl.warehouse.files import read_rows, row_counts


class Migrated(msgspec.Struct, frozen=True):
    """The new place of a warehouse, and the rows of each table there."""

    target: str
    table_rows: dict[str, int]


# Each table with the column that orders its rows by the partitions of a lake, so that one data file is written after
# the other. Which trees the models were built from last is not copied: the new place has no models yet.
_TABLES: Final = {
    "raw.job_ids": "job_id",
    "raw.job_payloads": "fetched_at",
    "raw.dead_letters": "failed_at",
    "raw.fetch_runs": "started_at",
    "raw.clusters": "observed_at",
    "core.jobs": "observed_at",
}


def migrate(origin: Location, target: Location, lock_wait_seconds: float = 0.0) -> Migrated:
    """Copy a warehouse into an empty one of the other kind and return what is there then; the old one is kept.

    Raises:
        ConfigError: both are of one kind, or the new one is not empty.
        WarehouseError: a copied table differs; nothing of the copy is kept.
    """
    source = storage_at(origin)
    if type(source) is type(storage_at(target)):
        raise ConfigError(
            f"{origin} and {target} are of one kind. A file can be copied into a lake (ducklake:...), a lake to a file."
        )
    with open_existing_warehouse(origin, lock_wait_seconds):
        pass  # brings the tables of an older version up to date
    with open_warehouse(target, lock_wait_seconds) as connection:
        with warehouse_errors(origin):
            attached = source.attach(connection)
        with transaction(connection):
            filled = [table for table, count in row_counts(connection, list(_TABLES)).items() if count]
            if filled:
                raise ConfigError(f"{target} is not empty: {', '.join(filled)} have rows. Name a new one.")
            rows = {table: _copy_table(connection, table, attached, target) for table in _TABLES}
    return Migrated(str(target), rows)


def _copy_table(connection: Connection, table: str, attached: str, target: Location) -> int:
    connection.execute(f"INSERT INTO {table} BY NAME FROM {attached}.{table} ORDER BY source, {_TABLES[table]}")
    copied = read_rows(connection, table)
    if read_rows(connection, f"{attached}.{table}") != copied:
        raise WarehouseError(f"{table} differs in {target} after the copy; nothing of it is kept. Try again.")
    return copied.row_count
