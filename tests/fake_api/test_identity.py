"""Tokens of IAM, temporary keys, and their ends, requested over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from huaweicloudsdkcce.v3 import CceClient, ShowJobRequest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from cce_etl.demo.api import DEMO_PROJECT_ID
from cce_etl.demo.example import EXAMPLE_JOB_ID
from cce_etl.demo.fleet import Fleet
from cce_etl.timestamps import NANOSECONDS
from tests.fake_api.fault_plans import once_after
from tests.fake_api.faults import void_tokens
from tests.fake_api.identity import DEMO_DOMAIN, DEMO_PASSWORD, DEMO_USERNAME
from tests.fake_api.server import fake_api

JOB_PATH = f"/api/v3/projects/{DEMO_PROJECT_ID}/jobs/{EXAMPLE_JOB_ID}"
# 2026-11-24 10:00:00 UTC
NOW_NS = 1_795_514_400 * NANOSECONDS
DAY_NS = 86_400 * NANOSECONDS


def login(**changes: Any) -> dict[str, Any]:
    said = {"name": DEMO_USERNAME, "password": DEMO_PASSWORD, "domain": DEMO_DOMAIN, "project": DEMO_PROJECT_ID}
    said |= changes
    user = {"name": said["name"], "password": said["password"], "domain": {"name": said["domain"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": {"id": said["project"]}}}}


class Clock:
    """A clock that stands still until it is set."""

    now_ns = NOW_NS

    def __call__(self) -> int:
        return self.now_ns


@contextmanager
def asked(fleet: Fleet, clock: Clock, *middlewares: Any) -> Iterator[httpx.Client]:
    with (
        fake_api(fleet, clock=clock, middlewares=middlewares) as endpoint,
        httpx.Client(base_url=endpoint, trust_env=False) as client,
    ):
        yield client


def status_with(client: httpx.Client, token: str) -> int:
    return client.get(JOB_PATH, headers={"X-Auth-Token": token}).status_code


def test_a_correct_password_gets_a_token_that_is_valid_for_a_day(small_fleet: Fleet) -> None:
    clock = Clock()
    with asked(small_fleet, clock) as client:
        answer = client.post("/v3/auth/tokens?nocatalog=true", json=login())
        assert answer.status_code == 201
        assert answer.json()["token"]["expires_at"] == "2026-11-25T10:00:00.000000Z"
        token = answer.headers["X-Subject-Token"]
        assert status_with(client, token) == 200
        clock.now_ns = NOW_NS + DAY_NS - 1
        assert status_with(client, token) == 200
        clock.now_ns = NOW_NS + DAY_NS
        assert status_with(client, token) == 401


def test_two_tokens_differ_and_both_are_valid(small_fleet: Fleet) -> None:
    with asked(small_fleet, Clock()) as client:
        tokens = {client.post("/v3/auth/tokens", json=login()).headers["X-Subject-Token"] for _ in range(2)}
        assert len(tokens) == 2
        assert [status_with(client, token) for token in tokens] == [200, 200]


@pytest.mark.parametrize("name", ["name", "password", "domain", "project"])
def test_a_wrong_name_password_domain_or_project_gets_401(small_fleet: Fleet, name: str) -> None:
    with asked(small_fleet, Clock()) as client:
        answer = client.post("/v3/auth/tokens", json=login(**{name: "wrong"}))
    assert (answer.status_code, "X-Subject-Token" in answer.headers) == (401, False)
    assert answer.json() == {
        "error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}
    }


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}", b'{"auth": {"identity": 1, "scope": 2}}'])
def test_a_body_that_is_no_request_for_a_token_gets_400(small_fleet: Fleet, body: bytes) -> None:
    with asked(small_fleet, Clock()) as client:
        answer = client.post("/v3/auth/tokens", content=body)
    assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Bad Request")


def test_asking_iam_with_get_is_not_published(small_fleet: Fleet) -> None:
    with asked(small_fleet, Clock()) as client:
        assert client.get("/v3/auth/tokens").json()["error_code"] == "APIGW.0101"


def sdk_client(client: httpx.Client, key: dict[str, str], token: str | None) -> Any:
    credentials = BasicCredentials(ak=key["access"], sk=key["secret"], project_id=DEMO_PROJECT_ID)
    if token is not None:
        credentials.with_security_token(token)
    endpoint = str(client.base_url).rstrip("/")
    return CceClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()


def test_the_official_client_signs_with_a_temporary_key_and_only_with_its_token(small_fleet: Fleet) -> None:
    request = ShowJobRequest(job_id=EXAMPLE_JOB_ID)
    with (
        fake_api(small_fleet) as endpoint,
        httpx.Client(base_url=endpoint, trust_env=False) as client,
    ):
        key = client.get("/openstack/latest/securitykey").json()["credential"]
        assert sorted(key) == ["access", "expires_at", "secret", "securitytoken"]
        assert sdk_client(client, key, key["securitytoken"]).show_job(request).metadata.uid == EXAMPLE_JOB_ID
        for token in (None, "another-token"):
            with pytest.raises(ClientRequestException) as refused:
                sdk_client(client, key, token).show_job(request)
            assert (refused.value.status_code, refused.value.error_code) == (401, "APIGW.0301")
        other = client.get("/openstack/latest/securitykey").json()["credential"]
        assert other["access"] != key["access"]


def test_voiding_ends_all_earlier_tokens_and_no_later_ones(small_fleet: Fleet) -> None:
    with asked(small_fleet, Clock(), once_after(2, void_tokens)) as client:
        token = client.post("/v3/auth/tokens", json=login()).headers["X-Subject-Token"]
        statuses = [status_with(client, each) for each in (token, "synthetic-demo-token", token)]
        assert statuses == [200, 200, 401]
        assert status_with(client, "synthetic-demo-token") == 401
        fresh = client.post("/v3/auth/tokens", json=login()).headers["X-Subject-Token"]
        assert status_with(client, fresh) == 200
