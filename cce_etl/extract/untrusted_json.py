"""Decoding JSON that others wrote."""

from typing import TypeVar

import msgspec

_Document = TypeVar("_Document")


def decode_or_none(body: bytes, kind: type[_Document]) -> _Document | None:
    """Return a JSON body as a type, None when it is not JSON, not of that type, or nested too deeply."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
