"""Signing in with a token: on every request, and shown to nobody."""

import asyncio

import pytest

from cce_etl.extract.auth import TokenAuth, host_of
from cce_etl.extract.messages import Request, Response, plain_url


async def sent(auth: TokenAuth, status: int) -> list[Request]:
    """Return every request that goes out when all are answered alike."""
    flow = auth.signed(Request("GET", plain_url("https://cce.example/api/v3/projects/p/jobs/j")))
    requests = [await anext(flow)]
    try:
        while True:
            requests.append(await flow.asend(Response(status)))
    except StopAsyncIteration:
        return requests


def test_the_token_goes_into_the_header_and_nowhere_else() -> None:
    (signed,) = asyncio.run(sent(TokenAuth("canary"), 200))
    assert signed.headers["X-Auth-Token"] == "canary"
    assert "canary" not in str(signed.url)
    assert signed.content == b""


def test_a_request_is_sent_once_whatever_the_answer() -> None:
    assert len(asyncio.run(sent(TokenAuth("canary"), 401))) == 1


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
    assert host_of(plain_url(url)) == host
