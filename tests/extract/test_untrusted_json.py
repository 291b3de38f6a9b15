"""JSON of others is decoded as the type that is asked for, or not at all."""

from typing import Any

import pytest

from cce_etl.extract.untrusted_json import decode_or_none


def test_a_document_of_the_type_is_returned() -> None:
    assert decode_or_none(b'{"a": [1]}', dict[str, Any]) == {"a": [1]}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": 1', b"[1]", b"\xff", b"[" * 100_000])
def test_anything_else_is_none(body: bytes) -> None:
    assert decode_or_none(body, dict[str, Any]) is None
    assert decode_or_none(body, list[dict[str, Any]]) is None
