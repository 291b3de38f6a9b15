"""The bytes of raw bodies: as sent, and as stored."""

from cce_etl.transform.versions import PayloadCompressor
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.payloads import land_payloads
from cce_etl.warehouse.sizes import RawBodies, read_raw_bodies


def test_bodies_count_as_sent_and_as_stored(connection: Connection) -> None:
    assert read_raw_bodies(connection) == RawBodies(0, 0, 0)
    bodies = [b"x" * 1_000, b'{"a": 1}']
    land_payloads(
        connection, "s", [PayloadCompressor().payload(str(n), "v3", n, body) for n, body in enumerate(bodies)]
    )
    found = read_raw_bodies(connection)
    assert (found.body_count, found.sent_bytes) == (2, 1_008)
    ((stored,),) = connection.execute("SELECT sum(octet_length(body)) FROM raw.job_payloads").fetchall()
    assert found.stored_bytes == stored < 100  # a thousand equal letters take a few bytes
