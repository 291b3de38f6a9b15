"""Whether the warehouse can be worked with, and how large it is.

Lives here: rights, sizes, and what a person can do about them. Does not: what its tables hold (`query`, `health`).
"""

import os
from pathlib import Path

import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.settings.location import Lake, Location
from cce_etl.warehouse.connection import Connection, open_warehouse_to_read, warehouse_errors
from cce_etl.warehouse.lake import NAME, is_made


def warehouse_status(location: Location) -> str:
    """Say how the warehouse stands; raise ConfigError or WarehouseError when a run could not work with it."""
    if isinstance(location, Lake):
        with warehouse_errors(location):
            if not is_made(location):
                return _new_lake(location)
        with open_warehouse_to_read(location) as connection:
            return f"{location} answers, {byte_count(connection, location):,} bytes in its files"
    if location.exists():
        with open_warehouse_to_read(location) as connection:
            _require_writable(location)
            return f"{location}, {byte_count(connection, location):,} bytes"
    folder = next(parent for parent in location.resolve().parents if parent.exists())
    if not folder.is_dir():
        raise ConfigError(f"{location} cannot be made: {folder} is no folder. Set CCE_WAREHOUSE to another path.")
    _require_writable(folder)
    return f"{location} will be made by the first run"


def _new_lake(lake: Lake) -> str:
    if lake.data is None:
        raise ConfigError(f"{lake} is new: set CCE_WAREHOUSE_DATA to where its files are to go.")
    return f"{lake} will be made by the first run, its files in {lake.data}"


def byte_count(connection: Connection, location: Location) -> int:
    """Return the bytes of the warehouse's file, or of the files of a lake's tables as they stand now."""
    if isinstance(location, Path):
        return location.stat().st_size
    ((count,),) = connection.execute(
        "SELECT coalesce(sum(file_size_bytes + delete_file_size_bytes), 0) FROM ducklake_table_info($1)", [NAME]
    ).fetchall()
    return int(count)


def _require_writable(path: Path) -> None:
    if not os.access(path, os.W_OK):
        raise WarehouseError(f"{path} may not be written. Change its rights, or set CCE_WAREHOUSE.")


class PayloadSizes(msgspec.Struct, frozen=True):
    """Count the stored bodies, their bytes as sent and as stored, compressed."""

    body_count: int
    sent_bytes: int
    stored_bytes: int


def payload_sizes(connection: Connection) -> PayloadSizes:
    """Return how much raw.job_payloads holds."""
    (row,) = connection.execute(
        "SELECT count(*), coalesce(sum(body_bytes), 0), coalesce(sum(octet_length(body)), 0) FROM raw.job_payloads"
    ).fetchall()
    return PayloadSizes(*map(int, row))
