"""An aiohttp application that answers for a synthetic fleet with the API's paths, headers and error bodies."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cached_property
from typing import Final, TypeAlias
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.body import Document, json_bytes
from cce_etl.demo.cluster_lists import cluster_list, node_list
from cce_etl.demo.fleet import Fleet, autopilot_fleet
from cce_etl.demo.responses import REQUEST_ID_HEADER, gateway_error, json_response, not_found, unauthorized

# Returns why a request is refused, in the gateway's words; None lets it pass.
Authenticate: TypeAlias = Callable[[web.Request], Awaitable[str | None]]

# Synthetic credentials: no other server accepts them.
DEMO_PROJECT_ID: Final = "de300000000040008000000000000001"
DEMO_TOKEN: Final = "synthetic-demo-token"  # noqa: S105

_PROJECT: Final = "projects/{project_id}"
_UID: Final = re.compile(rb'"uid":\s*"([^"]+)"')


async def check_demo_token(request: web.Request) -> str | None:
    """Return why a request without DEMO_TOKEN is refused; None for one with it."""
    token = request.headers.get("X-Auth-Token")
    if token is None:
        return "x-auth-token not found"
    return None if token == DEMO_TOKEN else "decrypt token fail"


def build_application(
    fleet: Fleet, *, middlewares: Sequence[Middleware] = (), authenticate: Authenticate = check_demo_token
) -> web.Application:
    """Return an application that serves a fleet; the v3 bodies are made here, all others on request.

    Args:
        fleet: The jobs to serve. A few more jobs are served under the Autopilot paths.
        middlewares: They see each request first, in this order, and may answer it.
        authenticate: What decides whether the credentials of a request are valid.
    """

    @web.middleware
    async def gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
        match = request.match_info
        if match.http_exception is not None or match.get("project_id") != DEMO_PROJECT_ID:
            return gateway_error(
                404, "APIGW.0101", "The API does not exist or has not been published in the environment"
            )
        refusal = await authenticate(request)
        return await handler(request) if refusal is None else unauthorized(refusal)

    application = web.Application(middlewares=[*(web.middleware(each) for each in middlewares), gateway])
    application.on_response_prepare.append(_add_request_id)
    _add_routes(application.router, "/api", _JobApi(fleet, fleet.job_ids))
    autopilot = autopilot_fleet(fleet)
    _add_routes(application.router, "/autopilot", _JobApi(autopilot, autopilot.job_ids[1:]))
    return application


class _JobApi:
    """The reading endpoints of one API, the usual one or Autopilot's, for some jobs of a fleet."""

    def __init__(self, fleet: Fleet, job_ids: Sequence[str]) -> None:
        self._fleet = fleet
        self._bodies = {job_id: fleet.v3_body(job_id) for job_id in job_ids}

    async def show_job(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job_id"]
        body = self._bodies.get(job_id) or self._sub_job_body(job_id)
        return not_found() if body is None else json_response(body)

    async def show_v2_job(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job_id"]
        return json_response(self._fleet.v2_body(job_id)) if job_id in self._bodies else not_found()

    async def list_v2_jobs(self, _request: web.Request) -> web.Response:
        return json_response(self._v2_list_body)

    async def list_clusters(self, _request: web.Request) -> web.Response:
        return json_response(self._cluster_list_body)

    async def list_nodes(self, request: web.Request) -> web.Response:
        nodes = node_list(self._fleet, request.match_info["cluster_id"])
        return not_found() if nodes is None else json_response(json_bytes(nodes))

    def _sub_job_body(self, job_id: str) -> bytes | None:
        root_job_id = self._root_of_sub_job.get(job_id)
        if root_job_id is None:
            return None
        tree = json.loads(self._bodies[root_job_id])
        return json_bytes(next(job for job in _jobs_of_tree(tree) if job["metadata"]["uid"] == job_id))

    @cached_property
    def _root_of_sub_job(self) -> dict[str, str]:
        # Read from the bytes: decoding every body of a large fleet takes seconds.
        return {uid.decode(): root_id for root_id, body in self._bodies.items() for uid in _UID.findall(body)[1:]}

    @cached_property
    def _v2_list_body(self) -> bytes:
        return json_bytes([self._fleet.v2_summary(job_id) for job_id in self._bodies])

    @cached_property
    def _cluster_list_body(self) -> bytes:
        return json_bytes(cluster_list(self._fleet))


def _add_routes(router: web.UrlDispatcher, prefix: str, api: _JobApi) -> None:
    router.add_get(f"{prefix}/v3/{_PROJECT}/jobs/{{job_id}}", api.show_job)
    router.add_get(f"{prefix}/v2/{_PROJECT}/jobs/{{job_id}}", api.show_v2_job)
    router.add_get(f"{prefix}/v2/{_PROJECT}/jobs", api.list_v2_jobs)
    router.add_get(f"{prefix}/v3/{_PROJECT}/clusters", api.list_clusters)
    if prefix == "/api":  # The Autopilot API lists no nodes.
        router.add_get(f"{prefix}/v3/{_PROJECT}/clusters/{{cluster_id}}/nodes", api.list_nodes)


def _jobs_of_tree(document: Document) -> Iterator[Document]:
    yield document
    for sub_job in document["spec"].get("subJobs", []):
        yield from _jobs_of_tree(sub_job)


async def _add_request_id(_request: web.Request, response: web.StreamResponse) -> None:
    if REQUEST_ID_HEADER not in response.headers:
        response.headers[REQUEST_ID_HEADER] = uuid4().hex
