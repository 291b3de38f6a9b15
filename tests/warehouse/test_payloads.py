"""raw.job_payloads: bytes in, the same bytes out, in the order of their times."""

from hashlib import sha256

import pytest

from cce_etl.transform.versions import Payload, PayloadCompressor, PayloadKey
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.payloads import append_payloads, payload_keys, read_payloads


def payload(job_id: str, body: bytes, fetched_at: int | None = 1, dialect: str = "v3") -> Payload:
    return PayloadCompressor().payload(job_id, dialect, fetched_at, body)


@pytest.mark.parametrize("body", [b"", b"\x00\xff not text", b'{"a": 1}' * 100_000])
def test_every_byte_comes_back(connection: Connection, body: bytes) -> None:
    landed = payload("a", body, 1_772_323_200_000_000_123)
    append_payloads(connection, "s", [landed])
    assert read_payloads(connection, "s", ["a"]) == [landed]
    assert connection.execute("SELECT body_bytes FROM raw.job_payloads").fetchall() == [(len(body),)]


def test_the_latest_comes_first_within_a_job_and_dialect_and_unknown_times_last(connection: Connection) -> None:
    landed = [payload("b", b"1", 5), payload("a", b"2", None), payload("a", b"3", 2), payload("a", b"4", 3)]
    append_payloads(connection, "s", [*landed, payload("a", b"5", 9, "v2")])
    stored = read_payloads(connection, "s", ["b", "a"])
    assert [one.body for one in stored] == [b"5", b"4", b"3", b"2", b"1"]


def test_only_the_source_and_jobs_asked_for_are_returned(connection: Connection) -> None:
    append_payloads(connection, "s", [payload("a", b"1"), payload("b", b"2")])
    append_payloads(connection, "t", [payload("a", b"3")])
    assert [one.body for one in read_payloads(connection, "s", ["a", "nobody"])] == [b"1"]
    assert payload_keys(connection, "t", ["a"]) == [PayloadKey("a", "v3", 1, sha256(b"3").digest())]
    assert payload_keys(connection, "t", []) == []
