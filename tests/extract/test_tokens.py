"""Credentials read from the responses of IAM and of the metadata service, and what is reported of broken ones."""

import json
from typing import Any

import httpx
import pytest

from cce_etl.errors import AuthError, RetryableError
from cce_etl.extract.tokens import AgencyKeyProvider, IamTokenProvider

CANARY = "canary-secret-0123456789"
IAM = IamTokenProvider("https://iam.example", "p", "user", CANARY, "domain")
AGENCY = AgencyKeyProvider("p", lambda: 0, "http://169.254.169.254")
KEY = {"access": "a", "secret": CANARY, "securitytoken": CANARY, "expires_at": "2026-03-01T00:00:00.000000Z"}


def response(status: int, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(body).encode(), headers=headers)


def test_a_token_comes_from_the_header_and_its_expiry_from_the_body() -> None:
    body = {"token": {"expires_at": "2026-03-01T00:00:00.000000Z", "user": {}}}
    credential = IAM.parse_response(response(201, body, {"X-Subject-Token": CANARY}))
    request = httpx.Request("GET", "https://cce.example")
    credential.sign(request)
    assert (request.headers["X-Auth-Token"], credential.expires_at) == (CANARY, 1_772_323_200_000_000_000)


def test_a_temporary_key_signs_with_its_security_token() -> None:
    credential = AGENCY.parse_response(response(200, {"credential": KEY}))
    request = httpx.Request("GET", "https://cce.example")
    credential.sign(request)
    assert (request.headers["X-Security-Token"], credential.expires_at) == (CANARY, 1_772_323_200_000_000_000)


@pytest.mark.parametrize("body", [{}, [], "text", {"token": None}, {"token": {"expires_at": 7}}, {"token": {}}])
def test_a_token_without_its_expiry_is_asked_for_again(body: Any) -> None:
    with pytest.raises(RetryableError, match="without its time of expiry"):
        IAM.parse_response(response(201, body, {"X-Subject-Token": CANARY}))


@pytest.mark.parametrize("part", KEY)
@pytest.mark.parametrize("value", [None, "", 7])
def test_a_temporary_key_that_lacks_a_part_is_refused_without_showing_it(part: str, value: Any) -> None:
    with pytest.raises(AuthError, match="Give the server an agency") as caught:
        AGENCY.parse_response(response(200, {"credential": KEY | {part: value}}))
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("provider", [IAM, AGENCY])
@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthError), (404, AuthError), (408, RetryableError), (503, RetryableError)]
)
def test_an_error_status_is_a_refusal_or_a_failure(provider: Any, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        provider.parse_response(response(status, {"error": {"message": "no"}}))
