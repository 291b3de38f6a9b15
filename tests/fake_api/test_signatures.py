"""The gateway's check accepts signatures of the vendor's signer and refuses every change of one."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from cce_etl.demo.api import DEMO_PROJECT_ID
from cce_etl.demo.example import EXAMPLE_JOB_ID
from cce_etl.demo.fleet import Fleet
from cce_etl.timestamps import NANOSECONDS
from tests.fake_api.identity import DEMO_ACCESS_KEY, DEMO_SECRET_KEY
from tests.fake_api.server import fake_api

PROJECT = f"/api/v3/projects/{DEMO_PROJECT_ID}"
JOB_PATH = f"{PROJECT}/jobs/{EXAMPLE_JOB_ID}"


def signed(endpoint: str, path: str = JOB_PATH, secret: str = DEMO_SECRET_KEY, query: str = "") -> dict[str, str]:
    """Return the headers that the vendor's own signer gives a GET."""
    host = endpoint.removeprefix("http://")
    pairs: list[tuple[str, object]] = [(pair[0], pair[2:]) for pair in query.split("&") if pair]
    date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"Host": host, "X-Project-Id": DEMO_PROJECT_ID, "X-Sdk-Date": date}
    request = SdkRequest(
        "GET", schema="http", host=host, resource_path=path, query_params=pairs, header_params=headers, body=""
    )
    credentials = BasicCredentials(ak=DEMO_ACCESS_KEY, sk=secret, project_id=DEMO_PROJECT_ID)
    proved = Signer(credentials).sign(request).header_params
    return {str(name): str(value) for name, value in proved.items()}


def asked(endpoint: str, headers: dict[str, str], path: str = JOB_PATH) -> httpx.Response:
    return httpx.get(endpoint + path, headers=headers, trust_env=False)


def test_a_signature_of_the_vendors_signer_is_accepted(endpoint: str) -> None:
    assert asked(endpoint, signed(endpoint)).status_code == 200


def test_a_query_is_signed_whatever_its_order(endpoint: str) -> None:
    headers = signed(endpoint, query="b=2 2&a=1")
    assert asked(endpoint, headers, JOB_PATH + "?a=1&b=2%202").status_code == 200
    assert asked(endpoint, headers, JOB_PATH + "?a=1&b=3").status_code == 401


def test_a_path_with_characters_to_encode_is_signed_encoded(endpoint: str) -> None:
    path = f"{PROJECT}/jobs/a b~c"
    assert asked(endpoint, signed(endpoint, path), path).status_code == 404


@pytest.mark.parametrize("name", ["Host", "X-Sdk-Date", "X-Project-Id", "Authorization"])
def test_a_changed_signed_header_is_refused(endpoint: str, name: str) -> None:
    headers = signed(endpoint)
    changed = (
        "20200101T000000Z" if name == "X-Sdk-Date" else headers[name][:-1] + ("0" if headers[name][-1] != "0" else "1")
    )
    answer = asked(endpoint, headers | {name: changed})
    assert (answer.status_code, answer.json()["error_code"]) == (401, "APIGW.0301")


def test_another_path_or_secret_is_refused(endpoint: str) -> None:
    for headers in (signed(endpoint, f"{PROJECT}/clusters"), signed(endpoint, secret="another")):
        answer = asked(endpoint, headers)
        assert answer.json()["error_msg"].endswith("verify aksk signature fail")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "SDK-HMAC-SHA256",
        f"SDK-HMAC-SHA256 Access={DEMO_ACCESS_KEY}, SignedHeaders=host, Signature=00",
        f"SDK-HMAC-SHA256 Access={DEMO_ACCESS_KEY}, SignedHeaders=x-sdk-date, Signature=00",
        f"SDK-HMAC-SHA256 Access={DEMO_ACCESS_KEY}, SignedHeaders=host;x-sdk-date, Signature=zz",
    ],
)
def test_an_invalid_signature_is_refused(endpoint: str, authorization: str) -> None:
    assert asked(endpoint, signed(endpoint) | {"Authorization": authorization}).status_code == 401


@pytest.mark.parametrize("date", ["", "yesterday", "20261399T000000Z", "2026-11-24T10:00:00Z"])
def test_an_invalid_date_is_refused(endpoint: str, date: str) -> None:
    assert asked(endpoint, signed(endpoint) | {"X-Sdk-Date": date}).status_code == 401


@pytest.fixture(params=[-901, -899, 899, 901])
def skewed(request: pytest.FixtureRequest, small_fleet: Fleet) -> Iterator[tuple[str, int]]:
    """Yield the endpoint of a server whose clock is some seconds off, and how many."""
    # Signatures have whole seconds, and the request takes a moment: a margin of one second either way.
    seconds = int(request.param)
    margin = 1 if abs(seconds) > 900 else -1
    off = seconds + margin * (1 if seconds > 0 else -1)
    with fake_api(small_fleet, clock=lambda: time.time_ns() + off * NANOSECONDS) as endpoint:
        yield endpoint, seconds


def test_a_clock_may_be_off_by_15_minutes_and_no_more(skewed: tuple[str, int]) -> None:
    endpoint, seconds = skewed
    answer = asked(endpoint, signed(endpoint))
    if abs(seconds) < 900:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 401
        assert "signature expired, signature time:" in answer.json()["error_msg"]
