"""The synthetic fleet as an aiohttp application that answers with the API's paths, headers and error bodies.

Lives here: routes, authentication, the gateway's refusals. Does not: sockets and threads (`server`), faults (they can
be added as middlewares, which run before everything here).
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.body import json_bytes
from cce_etl.demo.fleet import Fleet

# Synthetic: they open nothing but this loopback server.
DEMO_PROJECT_ID: Final = "de300000000040008000000000000001"
DEMO_TOKEN: Final = "synthetic-demo-token"  # noqa: S105
DEMO_ACCESS_KEY: Final = "SYNTHETICDEMOACCESS1"
DEMO_SECRET_KEY: Final = "synthetic-demo-secret-key-opens-nothing"  # noqa: S105

REQUEST_ID_HEADER: Final = "X-Request-Id"
_SIGNED_BY_DEMO: Final = f"SDK-HMAC-SHA256 Access={DEMO_ACCESS_KEY},"


def build_application(fleet: Fleet, *, middlewares: Sequence[Middleware] = ()) -> web.Application:
    """Return an application that serves a fleet; v3 bodies are made here, v2 ones when asked for.

    The given middlewares see a request first and may answer it; every answer gets an X-Request-Id.
    """
    jobs = _Jobs(fleet)
    application = web.Application(middlewares=[*(web.middleware(each) for each in middlewares), _gateway])
    application.on_response_prepare.append(_stamp)
    application.router.add_get("/api/v3/projects/{project_id}/jobs/{job_id}", jobs.show)
    application.router.add_get("/api/v2/projects/{project_id}/jobs/{job_id}", jobs.show_v2)
    application.router.add_get("/api/v2/projects/{project_id}/jobs", jobs.list_v2)
    return application


class _Jobs:
    """Answer the three reads from bytes made before."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._bodies = dict(fleet.v3_bodies())

    async def show(self, request: web.Request) -> web.Response:
        body = self._bodies.get(request.match_info["job_id"])
        return _not_found() if body is None else _json(body)

    async def show_v2(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job_id"]
        return _json(self._fleet.v2_body(job_id)) if job_id in self._bodies else _not_found()

    async def list_v2(self, _request: web.Request) -> web.Response:
        return _json(self._list_body)

    @cached_property
    def _list_body(self) -> bytes:
        return self._fleet.v2_list_body()


@web.middleware
async def _gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what the gateway refuses: unknown paths, methods and projects, then requests without credentials."""
    match = request.match_info
    if match.http_exception is not None or match.get("project_id") != DEMO_PROJECT_ID:
        message = "The API does not exist or has not been published in the environment"
        return _refusal(404, "APIGW.0101", message)
    headers = request.headers
    if "X-Auth-Token" in headers:
        is_known = headers["X-Auth-Token"] == DEMO_TOKEN
    else:
        # The signature itself is not verified: this server shows that a client signs, not that it signs well.
        is_known = headers.get("Authorization", "").startswith(_SIGNED_BY_DEMO)
    if not is_known:
        message = "Incorrect IAM authentication information: decrypt token fail"
        return _refusal(401, "APIGW.0301", message)
    return await handler(request)


async def _stamp(_request: web.Request, response: web.StreamResponse) -> None:
    if REQUEST_ID_HEADER not in response.headers:
        response.headers[REQUEST_ID_HEADER] = uuid4().hex


def _refusal(status: int, error_code: str, message: str) -> web.Response:
    request_id = uuid4().hex
    error = {"error_msg": message, "error_code": error_code, "request_id": request_id}
    response = _json(json_bytes(error), status=status)
    response.headers[REQUEST_ID_HEADER] = request_id
    return response


def _not_found() -> web.Response:
    error = {"errorCode": "CCE.01404001", "errorMessage": "Resource not found", "reason": "job not found"}
    return _json(json_bytes(error), status=404)


def _json(body: bytes, *, status: int = 200) -> web.Response:
    # The header is given ready-made: `content_type=` makes aiohttp build it anew for every answer.
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})
