"""Jobs and clusters found in the lists of the API, whatever the lists answer."""

import asyncio
from typing import Any

import msgspec
import pytest
from aiohttp import web

from cce_etl.errors import ApiError, AuthError
from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, FetchPolicy
from cce_etl.extract.discovery import Discovery, FoundCluster, FoundJob, discover

JOBS, AUTOPILOT_JOBS = "api/v2/projects/p/jobs", "autopilot/v2/projects/p/jobs"
CLUSTERS, AUTOPILOT_CLUSTERS = "api/v3/projects/p/clusters", "autopilot/v3/projects/p/clusters"
CLUSTER = {
    "kind": "Cluster",
    "metadata": {"uid": "c1", "name": "blue", "annotations": {"jobid": "j-annotated"}, "creationTimestamp": "t"},
    "spec": {"type": "VirtualMachine", "flavor": "cce.s1.small", "version": "v1.29",
             "masters": [{"availabilityZone": "b"}], "extendParam": {"clusterAZ": "a"}},
    "status": {"jobID": "j-cluster"},
}  # fmt: skip


def ask(answers: dict[str, Any]) -> Discovery:
    """Serve the answers: a document, or a status; a path without one answers 404 as the gateway does."""

    async def handle(request: web.Request) -> web.Response:
        answer = answers.get(request.path[1:], 404)
        if answer == 404:
            return web.json_response({"error_code": "APIGW.0101", "error_msg": "no such API"}, status=404)
        if isinstance(answer, int):
            return web.json_response({"code": "X", "message": "no"}, status=answer)
        body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        return web.Response(body=body, content_type="application/json")

    async def run() -> Discovery:
        application = web.Application()
        application.router.add_get("/{path:.*}", handle)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            policy = FetchPolicy(max_attempts=1, rate_limit=0)
            async with Client(_url(runner), "p", TokenAuth("t"), policy, lambda: 0) as client:
                return await discover(client, "p")
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def _url(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


def test_jobs_are_found_in_the_v2_list_the_clusters_and_their_nodes_each_once() -> None:
    nodes = {"items": [{"kind": "Node", "status": {"jobID": "j-node"}}, {"kind": "Node", "status": {"jobID": ""}}]}
    v2 = [{"metadata": {"uid": "j-listed"}, "spec": {"subjobs": []}}, {"metadata": {"uid": "j-cluster"}}]
    found = ask({JOBS: v2, CLUSTERS: {"items": [CLUSTER]}, f"{CLUSTERS}/c1/nodes": nodes})
    assert {job.job_id: job.origin for job in found.jobs} == {
        "j-listed": JOBS,
        "j-cluster": JOBS,
        "j-annotated": CLUSTERS,
        "j-node": f"{CLUSTERS}/c1/nodes",
    }
    assert len(found.passed_over) == 2  # Autopilot's lists, which this project has not


def test_autopilot_jobs_are_marked_as_such() -> None:
    found = ask({JOBS: [], AUTOPILOT_JOBS: [{"metadata": {"uid": "a"}}]})
    assert found.jobs == [FoundJob("a", AUTOPILOT_JOBS, is_autopilot=True)]


def test_a_v2_body_with_a_completion_time_is_kept_byte_for_byte() -> None:
    body = b'{"metadata": {"uid": "a"},  "status":{"status":"Success","completionTime":"x"}}'
    found = ask({JOBS: b"[" + body + b', {"metadata":{"uid":"b"}}]'})
    assert found.bodies == [body]
    assert [job.job_id for job in found.jobs] == ["a", "b"]


def test_a_cluster_is_described_as_sent() -> None:
    found = ask({JOBS: [], CLUSTERS: {"items": [CLUSTER, {"metadata": {"uid": "c2"}}, "odd", {"metadata": None}]}})
    assert found.clusters == [
        FoundCluster("c1", "blue", "v1.29", "cce.s1.small", "VirtualMachine", ["a", "b"], "t"),
        FoundCluster("c2", None, None, None, None, [], None),
    ]


@pytest.mark.parametrize("answer", [{"items": []}, b"<html>", b"", b"[", {}, [1, None, "x", {"metadata": 3}], b"null"])
def test_unexpected_bodies_give_no_jobs_and_no_error(answer: Any) -> None:
    found = ask({JOBS: answer, CLUSTERS: {"items": [CLUSTER]}})
    assert {job.job_id for job in found.jobs} == {"j-cluster", "j-annotated"}


@pytest.mark.parametrize("status", [403, 500, 404])
def test_a_list_that_cannot_be_read_is_skipped_and_reported(status: int) -> None:
    found = ask({JOBS: status, CLUSTERS: {"items": [CLUSTER]}})
    assert any(reason.startswith(JOBS) and str(status) in reason for reason in found.passed_over)
    assert len(found.jobs) == 2


def test_ids_that_would_change_the_path_are_left_out() -> None:
    found = ask(
        {JOBS: [{"metadata": {"uid": "../clusters"}}, {"metadata": {"uid": ".."}}, {"metadata": {"uid": "ok"}}]}
    )
    assert [job.job_id for job in found.jobs] == ["ok"]


def test_the_nodes_of_a_cluster_whose_id_would_change_the_path_are_not_requested() -> None:
    found = ask({JOBS: [], CLUSTERS: {"items": [CLUSTER | {"metadata": {"uid": "../x"}}]}})
    assert not any("../x" in reason for reason in found.passed_over)


def test_an_error_names_all_lists_when_none_can_be_read() -> None:
    with pytest.raises(ApiError, match=JOBS):
        ask({})


def test_refused_credentials_stop_the_discovery() -> None:
    with pytest.raises(AuthError):
        ask({JOBS: 401})
