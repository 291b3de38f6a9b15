"""An aiohttp application on a loopback port: in a background thread, or in the main thread until it is stopped."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Final

from aiohttp import web

LOOPBACK: Final = "127.0.0.1"
# How long requests in flight may take once the server is told to stop.
SHUTDOWN_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class _RunningServer:
    endpoint: str
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event


@contextmanager
def serve_in_thread(application: web.Application, port: int = 0) -> Iterator[str]:
    """Serve an application from a background thread and yield its endpoint, `http://127.0.0.1:<port>`.

    Port 0 takes a free one. Raises OSError when the port is taken.
    """
    started: Future[_RunningServer] = Future()

    def run() -> None:
        try:
            asyncio.run(_serve(application, port, started.set_result))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = Thread(target=run, name="demo-server", daemon=True)
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


def serve_until_stopped(application: web.Application, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve an application until SIGINT or SIGTERM; call `on_ready` with the endpoint. For the main thread only.

    Raises OSError when the port is taken. Prints nothing.
    """

    def started(running: _RunningServer) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            running.loop.add_signal_handler(number, running.stop.set)
        on_ready(running.endpoint)

    asyncio.run(_serve(application, port, started))


async def _serve(application: web.Application, port: int, on_started: Callable[[_RunningServer], None]) -> None:
    # The handler of a request whose client has hung up is cancelled: else it would count as one in flight.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        stop = asyncio.Event()
        endpoint = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        on_started(_RunningServer(endpoint, asyncio.get_running_loop(), stop))
        await stop.wait()
    finally:
        await runner.cleanup()
