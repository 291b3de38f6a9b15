"""The synthetic API as tests ask for it: with faults, and with every way to sign in that the real API has."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.api import build_application
from cce_etl.demo.fleet import Fleet
from cce_etl.demo.server import serve_in_thread
from tests.fake_api.identity import IDENTITY, Identity


@contextmanager
def fake_api(
    fleet: Fleet,
    *,
    port: int = 0,
    middlewares: Sequence[Middleware] = (),
    clock: Callable[[], int] = time.time_ns,
) -> Iterator[str]:
    """Serve a fleet from a background thread and yield the endpoint.

    Args:
        fleet: The jobs to serve.
        port: 0 takes a free one.
        middlewares: They see each request first, in this order; faults and meters are such.
        clock: What tokens, temporary keys and signatures are judged by, in nanoseconds since 1970-01-01 UTC.

    Raises:
        OSError: The port is taken.
    """
    identity = Identity(clock)

    async def sign_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        give = identity.endpoints.get((request.method, request.path))
        return await (handler(request) if give is None else give(request))

    application = build_application(fleet, middlewares=[*middlewares, sign_in], authenticate=identity.refusal_reason)
    application[IDENTITY] = identity
    with serve_in_thread(application, port) as endpoint:
        yield endpoint
