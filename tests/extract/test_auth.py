"""Signing in with a token: on every request, and shown to nobody."""

import httpx
import pytest

from cce_etl.extract.auth import KeyAuth, TokenAuth
from cce_etl.extract.signing import AccessKey


def test_the_token_goes_into_the_header_and_nowhere_else() -> None:
    request = httpx.Request("GET", "https://cce.example/api/v3/projects/p/jobs/j")
    flow = TokenAuth("canary").auth_flow(request)
    signed = next(flow)
    assert signed.headers["X-Auth-Token"] == "canary"
    assert "canary" not in str(signed.url)
    assert signed.content == b""


def test_a_request_is_sent_once_whatever_the_answer() -> None:
    request = httpx.Request("GET", "https://cce.example/")
    flow = TokenAuth("canary").auth_flow(request)
    next(flow)
    remaining = list(flow)
    assert remaining == []


def test_a_token_does_not_show_in_any_text_of_its_object() -> None:
    auth = TokenAuth("canary")
    assert "canary" not in repr(auth) + str(auth) + f"{auth}" + repr([auth])


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://cce.example/x", "cce.example"),
        ("https://cce.example:443/x", "cce.example"),
        ("https://cce.example:8443/x", "cce.example:8443"),
        ("http://127.0.0.1:80/x", "127.0.0.1"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ],
)
def test_the_signed_host_names_a_port_that_is_not_the_schemes_own(url: str, host: str) -> None:
    (signed,) = KeyAuth(AccessKey("access", "canary"), "p", lambda: 0).auth_flow(httpx.Request("GET", url))
    assert signed.headers["Host"] == host


def test_a_request_signed_again_holds_one_signature() -> None:
    request = httpx.Request("GET", "https://cce.example/x")
    for second in range(2):
        list(KeyAuth(AccessKey("access", "canary"), "p", lambda: second * 10**9).auth_flow(request))  # noqa: B023
    assert request.headers.get_list("X-Sdk-Date") == ["19700101T000001Z"]
    assert len(request.headers.get_list("Authorization")) == 1
