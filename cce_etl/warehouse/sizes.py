"""How many bytes the raw bodies take.

Lives here: bodies as they were sent and as they are stored. Does not: making them smaller (`payloads`, `vacuum`).
"""

import msgspec

from cce_etl.warehouse.connection import Connection


class RawBodies(msgspec.Struct, frozen=True):
    """Count the stored bodies, their bytes as sent and as stored, compressed."""

    body_count: int
    sent_bytes: int
    stored_bytes: int


def read_raw_bodies(connection: Connection) -> RawBodies:
    """Return how much raw.job_payloads holds."""
    (row,) = connection.execute(
        "SELECT count(*), coalesce(sum(body_bytes), 0), coalesce(sum(octet_length(body)), 0) FROM raw.job_payloads"
    ).fetchall()
    return RawBodies(*map(int, row))
