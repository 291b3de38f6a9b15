"""The synthetic fleet as an aiohttp application that answers with the API's paths, headers and error bodies.

Lives here: routes and the gateway. Does not: sockets and threads (`server`), who may ask (`identity`), faults (they
are added as middlewares, which run before everything here).
"""

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.answers import REQUEST_ID_HEADER, json_answer, not_found, refusal, unauthorized
from cce_etl.demo.autopilot import autopilot_fleet
from cce_etl.demo.body import json_bytes
from cce_etl.demo.cluster_lists import cluster_list, node_list
from cce_etl.demo.fleet import Fleet
from cce_etl.demo.identity import (
    DEMO_ACCESS_KEY,
    DEMO_DOMAIN,
    DEMO_PASSWORD,
    DEMO_PROJECT_ID,
    DEMO_SECRET_KEY,
    DEMO_TOKEN,
    DEMO_USERNAME,
    IDENTITY,
    SECURITY_KEY_PATH,
    TOKENS_PATH,
    Identity,
)
from cce_etl.demo.trees import Trees

__all__ = [
    "DEMO_ACCESS_KEY",
    "DEMO_DOMAIN",
    "DEMO_PASSWORD",
    "DEMO_PROJECT_ID",
    "DEMO_SECRET_KEY",
    "DEMO_TOKEN",
    "DEMO_USERNAME",
    "REQUEST_ID_HEADER",
    "build_application",
]

_PROJECT: Final = "projects/{project_id}"
# They give out what proves who asks, so they cannot ask for it.
_OPEN_PATHS: Final = (TOKENS_PATH, SECURITY_KEY_PATH)


def build_application(
    fleet: Fleet,
    *,
    middlewares: Sequence[Middleware] = (),
    shallow_levels: int | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> web.Application:
    """Return an application that serves a fleet; v3 bodies are made here, all others when asked for.

    The given middlewares see a request first and may answer it; every answer gets an X-Request-Id. With
    `shallow_levels`, v3 bodies show sub-jobs to that many levels only. Tokens, keys and signatures are judged by
    `clock`, in nanoseconds since 1970-01-01 UTC.
    """
    application = web.Application(middlewares=[*(web.middleware(each) for each in middlewares), _gateway])
    application[IDENTITY] = Identity(clock)
    application.on_response_prepare.append(_stamp)
    application.router.add_post(TOKENS_PATH, application[IDENTITY].give_token)
    application.router.add_get(SECURITY_KEY_PATH, application[IDENTITY].give_key)
    _add_part(application, "/api", _Part(fleet, fleet.job_ids, shallow_levels))
    autopilot = autopilot_fleet(fleet)
    _add_part(application, "/autopilot", _Part(autopilot, autopilot.job_ids[1:], shallow_levels))
    return application


def _add_part(application: web.Application, prefix: str, part: "_Part") -> None:
    router = application.router
    router.add_get(f"{prefix}/v3/{_PROJECT}/jobs/{{job_id}}", part.show_job)
    router.add_get(f"{prefix}/v2/{_PROJECT}/jobs/{{job_id}}", part.show_v2_job)
    router.add_get(f"{prefix}/v2/{_PROJECT}/jobs", part.list_v2_jobs)
    router.add_get(f"{prefix}/v3/{_PROJECT}/clusters", part.list_clusters)
    if prefix == "/api":  # Autopilot shows no nodes
        router.add_get(f"{prefix}/v3/{_PROJECT}/clusters/{{cluster_id}}/nodes", part.list_nodes)


class _Part:
    """Answer the reads of one part of the API, the usual one or Autopilot's, for some jobs of a fleet."""

    def __init__(self, fleet: Fleet, job_ids: Sequence[str], shallow_levels: int | None) -> None:
        self._fleet = fleet
        self._trees = Trees({job_id: fleet.v3_body(job_id) for job_id in job_ids}, shallow_levels)

    async def show_job(self, request: web.Request) -> web.Response:
        body = self._trees.body(request.match_info["job_id"])
        return not_found() if body is None else json_answer(body)

    async def show_v2_job(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job_id"]
        return json_answer(self._fleet.v2_body(job_id)) if job_id in self._trees else not_found()

    async def list_v2_jobs(self, _request: web.Request) -> web.Response:
        return json_answer(self._v2_list_body)

    async def list_clusters(self, _request: web.Request) -> web.Response:
        return json_answer(self._cluster_list_body)

    async def list_nodes(self, request: web.Request) -> web.Response:
        nodes = node_list(self._fleet, request.match_info["cluster_id"])
        return not_found() if nodes is None else json_answer(json_bytes(nodes))

    @cached_property
    def _v2_list_body(self) -> bytes:
        return json_bytes([job for job in self._fleet.v2_summaries() if job["metadata"]["uid"] in self._trees])

    @cached_property
    def _cluster_list_body(self) -> bytes:
        return json_bytes(cluster_list(self._fleet))


@web.middleware
async def _gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what the gateway refuses: unknown paths, methods and projects, then requests without credentials."""
    match = request.match_info
    if match.http_exception is None and request.path in _OPEN_PATHS:
        return await handler(request)
    if match.http_exception is not None or match.get("project_id") != DEMO_PROJECT_ID:
        return refusal(404, "APIGW.0101", "The API does not exist or has not been published in the environment")
    fault = await request.app[IDENTITY].fault_of(request)
    return await handler(request) if fault is None else unauthorized(fault)


async def _stamp(_request: web.Request, response: web.StreamResponse) -> None:
    if REQUEST_ID_HEADER not in response.headers:
        response.headers[REQUEST_ID_HEADER] = uuid4().hex
