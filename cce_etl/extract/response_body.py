"""The body of an answer, within its limits and without our secrets.

Lives here: unpacking, the size limit, what was seen of a body that could not be read whole.
Does not: sending and retrying (`client`), what a body says (`answers`, `job`).
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Final, cast

import httpx
import msgspec

from cce_etl.errors import PayloadError

# Enough for any error body of the API, and a bound for pages that others send in its place.
_ERROR_BODY_BYTES: Final = 64 * 1024
_BEGINNING_BYTES: Final = 2_000
# What proves who asks; a debugging gateway may send a request's headers back in its answer.
_SECRET_HEADERS: Final = (b"x-auth-token", b"x-security-token", b"authorization")
# Shorter ones are no secrets, and might stand in a body by chance, which is to be kept as it came.
_SHORTEST_SECRET: Final = 8
_PACKED: Final = ("gzip", "deflate")
# Of zlib's window bits: 15 is the largest window, 32 more take the header of gzip and of zlib alike.
_ANY_HEADER: Final = 15 + 32


class PartialResponse(msgspec.Struct):
    """Hold what a try has seen of an answer, also when it broke off: its status, the beginning of its body."""

    status: int | None = None
    beginning: bytes = b""


async def read_body(response: httpx.Response, limit_bytes: int, seen: PartialResponse) -> bytes:
    """Return the whole body, unpacked; `seen` follows what comes.

    Raises PayloadError for one larger than the limit or packed in a way nobody asked for, and httpx.DecodingError
    for one that cannot be unpacked or ends too early.
    """
    secrets = _secrets_of(response.request)
    encoding = str(response.headers.get("content-encoding", "")).strip().lower()
    unpacker = _Unpacker() if encoding in _PACKED else None
    body = bytearray()
    # The stream itself: `aiter_raw` of httpx gives the same chunks for 0.015 ms more a request.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        seen.beginning = seen.beginning or _masked(chunk[:_BEGINNING_BYTES], secrets)
        if encoding not in ("", "identity", *_PACKED):
            raise PayloadError("unsupported_encoding", f"expected a plain or gzip body, got {encoding[:40]!r}")
        body += unpacker.feed(chunk, limit_bytes + 1 - len(body)) if unpacker else chunk
        if len(body) > limit_bytes:
            seen.beginning = _masked(bytes(body[:_BEGINNING_BYTES]), secrets)
            raise PayloadError("body_too_large", f"the body is larger than CCE_MAX_BODY_BYTES ({limit_bytes} bytes)")
    whole = _masked(bytes(body), secrets)
    if unpacker and body:
        seen.beginning = whole[:_BEGINNING_BYTES]
    if unpacker and not unpacker.is_complete:
        raise httpx.DecodingError("the packed body ends too early")
    return whole


async def read_error_body(response: httpx.Response, seen: PartialResponse) -> bytes:
    """Return the body that explains a status, or its beginning when it cannot be read whole."""
    try:
        return await read_body(response, _ERROR_BODY_BYTES, seen)
    except (PayloadError, httpx.DecodingError):
        return seen.beginning


def headers_without_secrets(response: httpx.Response) -> Mapping[str, str]:
    """Return the headers of an answer, with our own secrets masked."""
    secrets = _secrets_of(response.request)
    return httpx.Headers([(name, _masked(value, secrets)) for name, value in response.headers.raw])


def _secrets_of(request: httpx.Request) -> list[bytes]:
    found = [value for name, value in request.headers.raw if name.lower() in _SECRET_HEADERS]
    return [secret for secret in found if len(secret) >= _SHORTEST_SECRET]


def _masked(text: bytes, secrets: Sequence[bytes]) -> bytes:
    """Return what came with our own secrets masked, should it send them back."""
    for secret in secrets:
        text = text.replace(secret, b"***")
    return text


class _Unpacker:
    """Unpack gzip or zlib a chunk at a time, several members too, never more bytes than asked for."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_ANY_HEADER)
        self._has_begun = False

    def feed(self, chunk: bytes, most_bytes: int) -> bytes:
        """Return what a chunk unpacks to, at most so many bytes."""
        unpacked = bytearray()
        self._has_begun = self._has_begun or bool(chunk)
        try:
            while chunk and len(unpacked) < most_bytes:
                if self._member.eof:
                    self._member = zlib.decompressobj(_ANY_HEADER)
                unpacked += self._member.decompress(chunk, most_bytes - len(unpacked))
                chunk = self._member.unconsumed_tail or self._member.unused_data
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None
        return bytes(unpacked)

    @property
    def is_complete(self) -> bool:
        """Tell whether the last member was read to its end; a body of no bytes is complete."""
        return self._member.eof or not self._has_begun
