"""Auth methods: tokens, signatures, and credentials that expire and are renewed."""

import asyncio
from typing import Any

import httpx
import pytest

from cce_etl.extract.auth import RENEW_BEFORE_SECONDS, Credential, KeyAuth, RenewingAuth, TokenAuth
from cce_etl.extract.signing import AccessKey
from cce_etl.timestamps import NANOSECONDS

HOUR = 3_600 * NANOSECONDS


def test_the_token_goes_into_the_header_and_nowhere_else() -> None:
    request = httpx.Request("GET", "https://cce.example/api/v3/projects/p/jobs/j")
    flow = TokenAuth("canary").auth_flow(request)
    signed = next(flow)
    assert signed.headers["X-Auth-Token"] == "canary"
    assert "canary" not in str(signed.url)
    assert signed.content == b""


def test_a_request_is_sent_once_whatever_the_response() -> None:
    request = httpx.Request("GET", "https://cce.example/")
    flow = TokenAuth("canary").auth_flow(request)
    next(flow)
    remaining = list(flow)
    assert remaining == []


def test_a_token_does_not_show_in_the_text_of_its_object() -> None:
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
def test_the_signed_host_has_a_port_that_is_not_the_default_of_its_scheme(url: str, host: str) -> None:
    (signed,) = KeyAuth(AccessKey("access", "canary"), "p", lambda: 0).auth_flow(httpx.Request("GET", url))
    assert signed.headers["Host"] == host


def test_a_request_signed_again_holds_one_signature() -> None:
    request = httpx.Request("GET", "https://cce.example/x")
    for second in range(2):
        list(KeyAuth(AccessKey("access", "canary"), "p", lambda: second * 10**9).auth_flow(request))  # noqa: B023
    assert request.headers.get_list("X-Sdk-Date") == ["19700101T000001Z"]
    assert len(request.headers.get_list("Authorization")) == 1


class NumberedTokens:
    """A provider of numbered tokens that last an hour."""

    def __init__(self) -> None:
        self.now = 0
        self.asked = 0

    def build_request(self) -> httpx.Request:
        return httpx.Request("POST", "https://iam.example/token")

    def parse_response(self, _: httpx.Response) -> Credential:
        self.asked += 1
        token = f"token-{self.asked}"
        return Credential(lambda request: request.headers.update({"X-Auth-Token": token}), self.now + HOUR)


async def send(auth: RenewingAuth, refused: set[str]) -> str:
    """Answer as the API and the provider do for one request; return the token that was let in, or "" when none was."""
    flow: Any = auth.async_auth_flow(httpx.Request("GET", "https://api.example/job"))
    step = await flow.__anext__()
    while True:
        await asyncio.sleep(0)
        token = step.headers.get("X-Auth-Token", "")
        answer = httpx.Response(201 if step.method == "POST" else 401 if token in refused else 200, request=step)
        try:
            step = await flow.asend(answer)
        except StopAsyncIteration:
            return token if answer.status_code == 200 else ""


def test_a_credential_is_asked_for_once_and_shared_by_all_requests_in_flight() -> None:
    async def run() -> tuple[list[str], int]:
        provider = NumberedTokens()
        auth = RenewingAuth(provider, lambda: provider.now)
        return await asyncio.gather(*(send(auth, set()) for _ in range(50))), provider.asked

    assert asyncio.run(run()) == (["token-1"] * 50, 1)


def test_a_credential_is_renewed_before_it_ends() -> None:
    async def run() -> list[str]:
        provider = NumberedTokens()
        auth = RenewingAuth(provider, lambda: provider.now)
        tokens = [await send(auth, set())]
        for moment in (HOUR - RENEW_BEFORE_SECONDS * NANOSECONDS - 1, HOUR - RENEW_BEFORE_SECONDS * NANOSECONDS):
            provider.now = moment
            tokens.append(await send(auth, set()))
        return tokens

    assert asyncio.run(run()) == ["token-1", "token-1", "token-2"]


def test_a_credential_is_renewed_once_however_many_requests_are_refused_together() -> None:
    async def run() -> tuple[list[str], int]:
        provider = NumberedTokens()
        auth = RenewingAuth(provider, lambda: provider.now)
        await send(auth, set())
        return await asyncio.gather(*(send(auth, {"token-1"}) for _ in range(50))), provider.asked

    assert asyncio.run(run()) == (["token-2"] * 50, 2)


def test_a_second_401_is_the_response() -> None:
    async def run() -> tuple[str, int]:
        provider = NumberedTokens()
        auth = RenewingAuth(provider, lambda: provider.now)
        return await send(auth, {"token-1", "token-2", "token-3"}), provider.asked

    assert asyncio.run(run()) == ("", 2)
