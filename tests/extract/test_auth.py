"""Signing in with a token: on every request, and shown to nobody."""

import httpx

from cce_etl.extract.auth import TokenAuth


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
