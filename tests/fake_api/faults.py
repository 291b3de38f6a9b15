"""Faults between a client and the API, as middlewares of the server; each applies to every request that it sees."""

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import wraps
from itertools import cycle
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.responses import gateway_error
from tests.fake_api.identity import IDENTITY

# What nginx logs for a connection that it closes without a response; no client ever sees this status.
BROKEN: Final = 444
HTML_PAGE: Final = b"<!DOCTYPE html><html><body>Scheduled maintenance</body></html>"
_NO_LINGER: Final = struct.pack("ii", 1, 0)


def _respond(respond: Callable[[web.Request], web.Response]) -> Middleware:
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        return respond(request)

    return fault


def _corrupting(corrupt: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]) -> Middleware:
    """Return a fault that corrupts the body of a response 200; all other responses, and broken ones, pass unchanged."""

    @wraps(corrupt)
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if response.status != 200 or not isinstance(response, web.Response) or not isinstance(response.body, bytes):
            return response
        return await corrupt(request, response.body)

    return fault


def server_fault(*statuses: int) -> Middleware:
    """Respond with these statuses in turn and a page of HTML, as a load balancer does."""
    following = cycle(statuses)
    return _respond(
        lambda _: web.Response(status=next(following), body=b"<html>fault</html>", content_type="text/html")
    )


def throttle_for(seconds: float) -> Middleware:
    """Respond 429 with the seconds to wait in Retry-After."""
    return _respond(lambda _: _throttled("Too many requests", {"Retry-After": f"{seconds:g}"}))


def throttle_until(seconds: int) -> Middleware:
    """Respond 429 with an HTTP date in Retry-After that lies this many whole seconds ahead."""

    def throttled(_: web.Request) -> web.Response:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return _throttled("Too many requests", {"Retry-After": date})

    return _respond(throttled)


def throttle_with_stated_limit(limit: int, time: str) -> Middleware:
    """Respond 429 with the limit in the gateway's message only, for example 10 and `1 minute`."""
    message = f"The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:{time}"
    return _respond(lambda _: _throttled(message, {}))


def throttle_without_retry_after() -> Middleware:
    """Respond 429 without saying how long to wait."""
    return _respond(lambda _: _throttled("Too many requests", {}))


def _throttled(message: str, headers: dict[str, str]) -> web.Response:
    response = gateway_error(429, "APIGW.0308", message)
    response.headers.update(headers)
    return response


def delay(seconds: float) -> Middleware:
    """Send nothing for this long, then the true response."""

    async def wait(request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await handler(request)

    return wait


@_corrupting
async def reset_within_body(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send half of the true body, then reset the connection."""
    _write(request, _head(len(body)) + body[: len(body) // 2])
    transport = request.transport
    if transport is not None:
        # Without lingering, closing the socket sends a reset instead of an orderly end.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    return web.Response(status=BROKEN)


@_corrupting
async def length_too_long(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send the true body with a Content-Length that is ten bytes too long, then close the connection."""
    return _send_and_close(request, _head(len(body) + 10) + body)


@_corrupting
async def length_too_short(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send the true body with a Content-Length that is ten bytes too short, then close the connection."""
    return _send_and_close(request, _head(len(body) - 10) + body)


@_corrupting
async def truncated_body(_request: web.Request, body: bytes) -> web.StreamResponse:
    """Send the true body without its last ten bytes, with the Content-Length of the rest."""
    return web.Response(body=body[:-10], headers={"Content-Type": "application/json"})


def trickle(seconds_per_byte: float) -> Middleware:
    """Send the true body byte by byte, with this long between two bytes."""

    @_corrupting
    async def drip(request: web.Request, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
        await response.prepare(request)
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(seconds_per_byte)
        return response

    return drip


def gzip_bomb(size_bytes: int) -> Middleware:
    """Respond with a small gzip body that unpacks to this many bytes."""
    packed = gzip.compress(b" " * size_bytes)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return _respond(lambda _: web.Response(body=packed, headers=headers))


def html_page() -> Middleware:
    """Respond 200 with a page of HTML, as a proxy under maintenance does."""
    return _respond(lambda _: web.Response(body=HTML_PAGE, content_type="text/html"))


def redirect_to(endpoint: str) -> Middleware:
    """Respond 302 with the same path on another host."""
    return _respond(lambda request: web.Response(status=302, headers={"Location": endpoint + request.path_qs}))


async def void_tokens(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Void every token and temporary key given out so far; then handle the request, which is refused already."""
    request.app[IDENTITY].void_all()
    return await handler(request)


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def _write(request: web.Request, raw: bytes) -> None:
    # Not through aiohttp's writer, which does not send more or less than the stated length.
    if request.transport is not None:
        request.transport.write(raw)


def _send_and_close(request: web.Request, raw: bytes) -> web.Response:
    _write(request, raw)
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=BROKEN)
