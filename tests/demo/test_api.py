"""The paths, headers and error bodies of the synthetic API, requested over real HTTP."""

import json

import httpx
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN, build_application
from cce_etl.demo.body import json_bytes
from cce_etl.demo.cluster_lists import cluster_list, node_list
from cce_etl.demo.example import EXAMPLE_JOB_ID
from cce_etl.demo.fleet import Fleet, autopilot_fleet
from cce_etl.demo.server import serve_in_thread

V3_JOBS = f"/api/v3/projects/{DEMO_PROJECT_ID}/jobs"
V3_CLUSTERS = f"/api/v3/projects/{DEMO_PROJECT_ID}/clusters"
V2_JOBS = f"/api/v2/projects/{DEMO_PROJECT_ID}/jobs"


def test_the_body_of_every_job_is_served_byte_for_byte(client: httpx.Client, small_fleet: Fleet) -> None:
    for job_id, body in small_fleet.v3_bodies():
        answer = client.get(f"{V3_JOBS}/{job_id}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.content == body


def test_the_v2_list_is_a_bare_array_of_all_root_jobs(client: httpx.Client, small_fleet: Fleet) -> None:
    answer = client.get(V2_JOBS)
    assert answer.content == json_bytes([small_fleet.v2_summary(job_id) for job_id in small_fleet.job_ids])
    assert [job["metadata"]["uid"] for job in answer.json()] == list(small_fleet.job_ids)


def test_one_v2_job_has_its_steps_in_the_v2_dialect(client: httpx.Client) -> None:
    job = client.get(f"{V2_JOBS}/{EXAMPLE_JOB_ID}").json()
    assert job["status"] == {"status": "Running", "reason": ""}
    assert [step["status"] for step in job["spec"]["subjobs"]] == [
        {"status": "Success", "completionTime": "2018-08-02 04:05:29.196243031 +0000 UTC"},
        {"status": "Success", "completionTime": "2018-08-02 03:52:34.615655429 +0000 UTC"},
    ]


def test_the_demo_token_is_accepted(endpoint: str) -> None:
    headers = {"X-Auth-Token": DEMO_TOKEN}
    answer = httpx.get(f"{endpoint}{V3_JOBS}/{EXAMPLE_JOB_ID}", headers=headers, trust_env=False)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Auth-Token": "another-token"},
        {"X-Auth-Token": ""},
        {"Authorization": "Basic synthetic"},
    ],
)
@pytest.mark.parametrize("path", [f"{V3_JOBS}/{EXAMPLE_JOB_ID}", f"{V3_JOBS}/unknown", V2_JOBS])
def test_all_other_requests_get_401_apigw_0301(endpoint: str, path: str, headers: dict[str, str]) -> None:
    answer = httpx.get(endpoint + path, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "APIGW.0301")
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("jobs_path", [V3_JOBS, V2_JOBS])
def test_an_unknown_id_gets_404_cce_01404001(client: httpx.Client, jobs_path: str) -> None:
    answer = client.get(f"{jobs_path}/00000000-0000-11e8-8000-000000000000")
    assert answer.status_code == 404
    assert answer.json()["errorCode"] == "CCE.01404001"
    assert answer.json()["errorMessage"] == "Resource not found"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v3/jobs",
        V3_JOBS,
        f"{V3_JOBS}/{EXAMPLE_JOB_ID}/",
        f"{V2_JOBS}/",
        f"/api/v3/projects/ffffffffffffffffffffffffffffffff/jobs/{EXAMPLE_JOB_ID}",
        "/api/v2/projects/ffffffffffffffffffffffffffffffff/jobs",
    ],
)
def test_a_wrong_path_a_trailing_slash_or_another_project_gets_404_apigw_0101(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {
        "error_code": "APIGW.0101",
        "error_msg": "The API does not exist or has not been published in the environment",
        "request_id": answer.headers["X-Request-Id"],
    }


def test_a_step_at_any_level_is_found_by_its_own_uid_with_the_steps_below_it(
    client: httpx.Client, small_fleet: Fleet
) -> None:
    levels = set()
    steps = [(1, client.get(f"{V3_JOBS}/{job_id}").json()) for job_id in small_fleet.job_ids[:8]]
    while steps:
        level, step = steps.pop()
        assert client.get(f"{V3_JOBS}/{step['metadata']['uid']}").json() == step
        levels.add(level)
        steps += [(level + 1, sub_job) for sub_job in step["spec"].get("subJobs", [])]
    assert levels == {1, 2, 3, 4}


def test_the_lists_name_clusters_and_their_nodes(client: httpx.Client, small_fleet: Fleet) -> None:
    clusters = client.get(V3_CLUSTERS).json()
    assert clusters == cluster_list(small_fleet)
    for cluster in clusters["items"]:
        cluster_id = cluster["metadata"]["uid"]
        assert client.get(f"{V3_CLUSTERS}/{cluster_id}/nodes").json() == node_list(small_fleet, cluster_id)
    assert client.get(f"{V3_CLUSTERS}/unknown/nodes").status_code == 404


def test_autopilot_has_its_own_jobs_under_its_own_paths(client: httpx.Client, small_fleet: Fleet) -> None:
    listed = [job["metadata"]["uid"] for job in client.get(V2_JOBS.replace("/api/", "/autopilot/")).json()]
    assert listed == list(autopilot_fleet(small_fleet).job_ids[1:])
    assert len(client.get(V3_CLUSTERS.replace("/api/", "/autopilot/")).json()["items"]) > 0
    for job_id in listed:
        answer = client.get(f"{V3_JOBS.replace('/api/', '/autopilot/')}/{job_id}")
        assert (answer.status_code, answer.json()["metadata"]["uid"]) == (200, job_id)
        assert client.get(f"{V3_JOBS}/{job_id}").status_code == 404
    assert client.get(f"{V3_JOBS.replace('/api/', '/autopilot/')}/{small_fleet.job_ids[1]}").status_code == 404
    nodes = client.get(f"{V3_CLUSTERS.replace('/api/', '/autopilot/')}/any/nodes")
    assert (nodes.status_code, nodes.json()["error_code"]) == (404, "APIGW.0101")


def test_deleting_is_not_published(client: httpx.Client) -> None:
    answer = client.delete(f"{V2_JOBS}/{EXAMPLE_JOB_ID}")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "APIGW.0101")


def test_every_response_has_its_own_request_id(client: httpx.Client) -> None:
    request_ids = {client.get(f"{V3_JOBS}/{EXAMPLE_JOB_ID}").headers["X-Request-Id"] for _ in range(3)}
    assert len(request_ids) == 3


def test_a_middleware_may_answer_first_and_the_rest_goes_on(small_fleet: Fleet) -> None:
    async def throttle(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.match_info.get("job_id") == EXAMPLE_JOB_ID:
            return web.Response(status=429, body=json.dumps({"error_code": "APIGW.0308"}).encode())
        return await handler(request)

    headers = {"X-Auth-Token": DEMO_TOKEN}
    with (
        serve_in_thread(build_application(small_fleet, middlewares=[throttle])) as endpoint,
        httpx.Client(base_url=endpoint, headers=headers, trust_env=False) as client,
    ):
        throttled = client.get(f"{V3_JOBS}/{EXAMPLE_JOB_ID}")
        assert (throttled.status_code, "X-Request-Id" in throttled.headers) == (429, True)
        assert client.get(f"{V3_JOBS}/{small_fleet.job_ids[1]}").status_code == 200
