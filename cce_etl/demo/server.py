"""The synthetic fleet on a loopback port: in a thread for tests and the demo, or blocking for the command line.

Lives here: event loop, socket, start and stop. Does not: what is answered (`api`).
"""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.api import (
    DEMO_ACCESS_KEY,
    DEMO_PROJECT_ID,
    DEMO_SECRET_KEY,
    DEMO_TOKEN,
    build_application,
)
from cce_etl.demo.fleet import Fleet

__all__ = [
    "DEMO_ACCESS_KEY",
    "DEMO_PROJECT_ID",
    "DEMO_SECRET_KEY",
    "DEMO_TOKEN",
    "demo_server",
    "serve_forever",
]

LOOPBACK: Final = "127.0.0.1"
# How long requests under way may take once the server is told to stop.
SHUTDOWN_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Running:
    endpoint: str
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event


@contextmanager
def demo_server(
    fleet: Fleet,
    *,
    port: int = 0,
    latency_seconds: float = 0.0,
    middlewares: Sequence[Middleware] = (),
    shallow_levels: int | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> Iterator[str]:
    """Serve a synthetic fleet from a background thread and yield its endpoint, `http://127.0.0.1:<port>`.

    Port 0 takes a free one. Each answer waits `latency_seconds` first; the rest is as in `build_application`. Raises
    OSError when the port is taken.
    """
    application = build_application(
        fleet, middlewares=[*middlewares, *_latency(latency_seconds)], shallow_levels=shallow_levels, clock=clock
    )
    started: Future[_Running] = Future()
    thread = Thread(target=_run_in_thread, args=(application, port, started), name="demo-server", daemon=True)
    thread.start()
    try:
        running = started.result()
    except BaseException:
        thread.join()
        raise
    try:
        yield running.endpoint
    finally:
        running.loop.call_soon_threadsafe(running.stop.set)
        thread.join()


def serve_forever(
    fleet: Fleet,
    port: int,
    *,
    latency_seconds: float = 0.0,
    middlewares: Sequence[Middleware] = (),
    on_ready: Callable[[str], None] = lambda _endpoint: None,
) -> None:
    """Serve a synthetic fleet until SIGINT or SIGTERM; `on_ready` is told the endpoint. For the main thread only.

    Raises OSError when the port is taken. Prints nothing.
    """

    def started(running: _Running) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            running.loop.add_signal_handler(number, running.stop.set)
        on_ready(running.endpoint)

    application = build_application(fleet, middlewares=[*middlewares, *_latency(latency_seconds)])
    asyncio.run(_serve(application, port, started))


async def _serve(application: web.Application, port: int, on_started: Callable[[_Running], None]) -> None:
    # A request whose client has hung up is over: left to run, it would count as one in flight.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        stop = asyncio.Event()
        endpoint = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        on_started(_Running(endpoint, asyncio.get_running_loop(), stop))
        await stop.wait()
    finally:
        await runner.cleanup()


def _run_in_thread(application: web.Application, port: int, started: Future[_Running]) -> None:
    try:
        asyncio.run(_serve(application, port, started.set_result))
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


def _latency(latency_seconds: float) -> Sequence[Middleware]:
    async def wait_first(request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(latency_seconds)
        return await handler(request)

    return [wait_first] if latency_seconds > 0 else []
