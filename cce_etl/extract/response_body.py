"""Reading the body of a response within a size limit, with our own secrets masked."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Final, cast

import httpx
import msgspec

from cce_etl.errors import PayloadError

# Enough for any error body of the API, and a bound for pages that others send in its place.
_ERROR_BODY_BYTES: Final = 64 * 1024
_BEGINNING_BYTES: Final = 2_000
# A debugging gateway may send the headers of a request back in its response, secrets included.
_SECRET_HEADERS: Final = (b"x-auth-token", b"x-security-token", b"authorization")
# A shorter value is no secret, and could occur in a body by chance.
_SHORTEST_SECRET: Final = 8
_COMPRESSED: Final = ("gzip", "deflate")
# zlib: the largest window (15), and 32 more to accept the headers of gzip and of zlib.
_GZIP_OR_ZLIB: Final = 15 + 32


class PartialResponse(msgspec.Struct):
    """What was received of a response, also when it broke off: its status, and the beginning of its body."""

    status: int | None = None
    beginning: bytes = b""


async def read_body(response: httpx.Response, limit_bytes: int, received: PartialResponse) -> bytes:
    """Return the whole body, decompressed; `received` is updated on the way.

    Raises:
        PayloadError: The body is larger than the limit, or compressed in a way that was not asked for.
        httpx.DecodingError: The body cannot be decompressed, or ends too early.
    """
    secrets = _secrets_of(response.request)
    encoding = str(response.headers.get("content-encoding", "")).strip().lower()
    decompressor = _Decompressor() if encoding in _COMPRESSED else None
    body = bytearray()
    # The stream itself, because `aiter_raw` of httpx takes 0.015 ms a request more for the same chunks.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        received.beginning = received.beginning or _mask(chunk[:_BEGINNING_BYTES], secrets)
        if encoding not in ("", "identity", *_COMPRESSED):
            raise PayloadError("unsupported_encoding", f"expected a plain or gzip body, got {encoding[:40]!r}")
        body += decompressor.feed(chunk, limit_bytes + 1 - len(body)) if decompressor else chunk
        if len(body) > limit_bytes:
            received.beginning = _mask(bytes(body[:_BEGINNING_BYTES]), secrets)
            raise PayloadError("body_too_large", f"the body is larger than CCE_MAX_BODY_BYTES ({limit_bytes} bytes)")
    whole = _mask(bytes(body), secrets)
    if decompressor and body:
        received.beginning = whole[:_BEGINNING_BYTES]
    if decompressor and received.beginning and not decompressor.is_complete:
        raise httpx.DecodingError("the compressed body ends too early")
    return whole


async def read_error_body(response: httpx.Response, received: PartialResponse) -> bytes:
    """Return the body that explains an error status, or its beginning when it cannot be read whole."""
    try:
        return await read_body(response, _ERROR_BODY_BYTES, received)
    except (PayloadError, httpx.DecodingError):
        return received.beginning


def headers_without_secrets(response: httpx.Response) -> Mapping[str, str]:
    """Return the headers of a response, with our own secrets masked."""
    secrets = _secrets_of(response.request)
    return httpx.Headers([(name, _mask(value, secrets)) for name, value in response.headers.raw])


def _secrets_of(request: httpx.Request) -> list[bytes]:
    found = [value for name, value in request.headers.raw if name.lower() in _SECRET_HEADERS]
    return [secret for secret in found if len(secret) >= _SHORTEST_SECRET]


def _mask(text: bytes, secrets: Sequence[bytes]) -> bytes:
    for secret in secrets:
        text = text.replace(secret, b"***")
    return text


class _Decompressor:
    """A decompressor of gzip or zlib, of several members too, that never makes more bytes than it may."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)

    def feed(self, chunk: bytes, most_bytes: int) -> bytes:
        """Return a chunk decompressed, at most so many bytes of it."""
        decompressed = bytearray()
        try:
            while chunk and len(decompressed) < most_bytes:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
                decompressed += self._member.decompress(chunk, most_bytes - len(decompressed))
                chunk = self._member.unconsumed_tail or self._member.unused_data
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None
        return bytes(decompressed)

    @property
    def is_complete(self) -> bool:
        """Return whether the last member was read to its end."""
        return self._member.eof
