"""What can go wrong between a client and the API: middlewares for `build_application`, each of which always goes wrong.

Lives here: the faults. Does not: when a fault happens (`fault_plans`), counting what was asked (`meter`).
"""

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

from cce_etl.demo.answers import refusal
from cce_etl.demo.identity import IDENTITY

# What a web server's log shows for a connection it broke (nginx's word); no client ever sees it.
BROKEN: Final = 444
HTML_PAGE: Final = b"<!DOCTYPE html><html><body>Scheduled maintenance</body></html>"
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


def _answering(answer: Callable[[web.Request], web.Response]) -> Middleware:
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:  # noqa: ARG001  it never gets there
        return answer(request)

    return fault


def _spoiling(spoil: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]) -> Middleware:
    """Return a fault that spoils the body of an answer 200; any other one, and one that is broken, passes as it is."""

    @wraps(spoil)
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if answer.status != 200 or not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
            return answer
        return await spoil(request, answer.body)

    return fault


def server_fault(*statuses: int) -> Middleware:
    """Answer these statuses in turn, as a load balancer does: with a page of HTML."""
    turns = cycle(statuses)
    return _answering(lambda _: web.Response(status=next(turns), body=b"<html>fault</html>", content_type="text/html"))


def throttle_for(seconds: float) -> Middleware:
    """Answer 429 with the seconds to wait in Retry-After."""
    return _answering(lambda _: _throttled("Too many requests", {"Retry-After": f"{seconds:g}"}))


def throttle_until(seconds: int) -> Middleware:
    """Answer 429 with an HTTP date in Retry-After that lies this many whole seconds ahead."""

    def throttled(_: web.Request) -> web.Response:
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        return _throttled("Too many requests", {"Retry-After": format_datetime(moment, usegmt=True)})

    return _answering(throttled)


def throttle_in_words(limit: int, time: str) -> Middleware:
    """Answer 429 with the limit in the gateway's text alone, as 10 and `1 minute`."""
    message = f"The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:{time}"
    return _answering(lambda _: _throttled(message, {}))


def throttle_without_a_word() -> Middleware:
    """Answer 429 without saying how long to wait."""
    return _answering(lambda _: _throttled("Too many requests", {}))


def _throttled(message: str, headers: dict[str, str]) -> web.Response:
    response = refusal(429, "APIGW.0308", message)
    response.headers.update(headers)
    return response


def stall(seconds: float) -> Middleware:
    """Send nothing for this long, then the true answer."""

    async def wait(request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await handler(request)

    return wait


@_spoiling
async def reset_within_body(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send half of the true body, then reset the connection."""
    _write(request, _head(len(body)) + body[: len(body) // 2])
    transport = request.transport
    if transport is not None:
        # Without lingering, closing sends a reset where it would else say goodbye.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
    return web.Response(status=BROKEN)


@_spoiling
async def length_too_long(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send the true body under a Content-Length ten bytes beyond its end, then hang up."""
    return _hang_up_after(request, _head(len(body) + 10) + body)


@_spoiling
async def length_too_short(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send the true body under a Content-Length ten bytes before its end, then hang up."""
    return _hang_up_after(request, _head(len(body) - 10) + body)


@_spoiling
async def cut_body(_request: web.Request, body: bytes) -> web.StreamResponse:
    """Send the true body but its last ten bytes, under the length of what is left."""
    return web.Response(body=body[:-10], headers={"Content-Type": "application/json"})


def trickle(seconds_a_byte: float) -> Middleware:
    """Send the true body byte by byte, each this long after the one before."""

    @_spoiling
    async def drip(request: web.Request, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
        await response.prepare(request)
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(seconds_a_byte)
        return response

    return drip


def gzip_bomb(size_bytes: int) -> Middleware:
    """Answer with a small gzip body that unpacks to this many bytes."""
    packed = gzip.compress(b" " * size_bytes)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return _answering(lambda _: web.Response(body=packed, headers=headers))


def html_page() -> Middleware:
    """Answer 200 with a page of HTML, as a proxy under maintenance does."""
    return _answering(lambda _: web.Response(body=HTML_PAGE, content_type="text/html"))


def redirect_to(endpoint: str) -> Middleware:
    """Answer 302 with the same path on another host."""
    return _answering(lambda request: web.Response(status=302, headers={"Location": endpoint + request.path_qs}))


async def void_tokens(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Void every token and temporary key given out so far, then go on: the request itself is refused already."""
    request.app[IDENTITY].void_all()
    return await handler(request)


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def _write(request: web.Request, raw: bytes) -> None:
    # Past aiohttp's own writer, which keeps every body to its stated length.
    if request.transport is not None:
        request.transport.write(raw)


def _hang_up_after(request: web.Request, raw: bytes) -> web.Response:
    _write(request, raw)
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=BROKEN)
