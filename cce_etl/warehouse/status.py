"""Whether the warehouse can be worked with, and how large it and the bodies in it are."""

import msgspec

from cce_etl.settings.location import Location
from cce_etl.warehouse.connection import Connection, open_warehouse_to_read, storage_at, warehouse_errors


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
