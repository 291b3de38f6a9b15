"""Bodies that are whole, cut off, compressed otherwise than their header says, or that hold our own secret."""

import gzip
from typing import TYPE_CHECKING

import pytest

from cce_etl.extract.client import Failed, Fetched

if TYPE_CHECKING:
    from tests.extract.conftest import ScriptedApi

JOB = b'{"kind": "Job", "metadata": {"uid": "a"}}'


@pytest.mark.parametrize(
    ("encoding", "body", "kind", "beginning"),
    [
        ("br", b"packed", "unsupported_encoding", "packed"),
        ("gzip", b"plain after all", "incomplete_body", "plain after all"),
        ("gzip", gzip.compress(JOB)[:-9], "incomplete_body", JOB.decode()),
    ],
    ids=["unknown", "no gzip", "cut"],  # of their own: gzip writes the time into its bytes
)
def test_a_failure_keeps_the_status_and_the_beginning_of_a_bad_body(
    api: "ScriptedApi", encoding: str, body: bytes, kind: str, beginning: str
) -> None:
    api.script("a", body=body, content_encoding=encoding)
    failed = api.fetch_one(max_attempts=1)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.http_status) == (kind, 200)
    assert beginning.startswith(failed.body_excerpt or "nothing")


def test_a_body_of_several_gzip_members_is_read_to_its_end(api: "ScriptedApi") -> None:
    api.script("a", body=gzip.compress(JOB[:10]) + gzip.compress(JOB[10:]), content_encoding="gzip")
    fetched = api.fetch_one()
    assert isinstance(fetched, Fetched)
    assert fetched.body == JOB


def test_a_body_without_our_secret_is_kept_byte_for_byte(api: "ScriptedApi") -> None:
    body = b'{ "kind":"Job",\n "x": "\xc3\xbc \\u0000 tokens, X-Auth-Token" }  '
    api.script("a", body=body)
    fetched = api.fetch_one()
    assert isinstance(fetched, Fetched)
    assert fetched.body == body


@pytest.mark.parametrize("status", [200, 400])
def test_a_token_sent_back_in_a_body_or_a_header_is_masked(api: "ScriptedApi", status: int) -> None:
    api.script("a", status, b"<html>X-Auth-Token: " + api.token.encode() + b"</html>", x_request_id=api.token)
    outcome = api.fetch_one(max_attempts=1)
    assert api.token not in repr(outcome)
    assert "***" in repr(outcome)
