"""Trees are cut off below a level, and a client that requests each step finds the deeper ones."""

import json
from typing import Any

import httpx
import pytest

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet
from tests.fake_api.server import fake_api
from tests.fake_api.shallow import cut, shallow

PROJECT = f"projects/{DEMO_PROJECT_ID}"
V3_JOBS = f"/api/v3/{PROJECT}/jobs"


def job(uid: str, *sub_jobs: dict[str, Any]) -> dict[str, Any]:
    spec = {"type": "T", "subJobs": list(sub_jobs)} if sub_jobs else {"type": "T"}
    return {"metadata": {"uid": uid}, "spec": spec, "status": {"phase": "Success"}}


TREE = job("root", job("a", job("a1", job("a11"))), job("b"))
TEXT = json.dumps(TREE)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (0, job("root")),
        (1, job("root", job("a"), job("b"))),
        (2, job("root", job("a", job("a1")), job("b"))),
        (3, TREE),
        (9, TREE),
    ],
)
def test_a_tree_is_cut_below_its_level(levels: int, expected: dict[str, Any]) -> None:
    assert cut(TREE, levels) == expected


def test_cutting_leaves_the_original_whole() -> None:
    cut(TREE, 0)
    assert json.dumps(TREE) == TEXT


def uids_below(job: dict[str, Any]) -> list[str]:
    return [uid for step in job["spec"].get("subJobs", []) for uid in [step["metadata"]["uid"], *uids_below(step)]]


def test_a_shallow_server_shows_every_step_to_a_client_that_requests_each(small_fleet: Fleet) -> None:
    headers = {"X-Auth-Token": DEMO_TOKEN}
    with (
        fake_api(small_fleet, middlewares=[shallow(1)]) as endpoint,
        httpx.Client(base_url=endpoint + V3_JOBS, headers=headers, trust_env=False) as client,
    ):

        def seen_from(job_id: str) -> list[str]:
            steps = client.get(job_id).json()["spec"].get("subJobs", [])
            assert all("subJobs" not in step["spec"] for step in steps)
            return [uid for step in steps for uid in [step["metadata"]["uid"], *seen_from(step["metadata"]["uid"])]]

        for job_id in small_fleet.job_ids[:5]:
            assert seen_from(job_id) == uids_below(json.loads(small_fleet.v3_body(job_id)))


def test_only_v3_jobs_are_cut(small_fleet: Fleet) -> None:
    job_id = small_fleet.job_ids[0]
    with (
        fake_api(small_fleet, middlewares=[shallow(0)]) as endpoint,
        httpx.Client(base_url=endpoint, headers={"X-Auth-Token": DEMO_TOKEN}, trust_env=False) as client,
    ):
        assert "subJobs" not in client.get(f"{V3_JOBS}/{job_id}").json()["spec"]
        assert client.get(f"/api/v2/{PROJECT}/jobs/{job_id}").content == small_fleet.v2_body(job_id)
        assert client.get(f"{V3_JOBS}/unknown").json()["errorCode"] == "CCE.01404001"
