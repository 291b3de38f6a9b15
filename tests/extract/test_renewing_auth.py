"""Credentials are asked for once, shared by all requests, and renewed once: before they expire or after a 401."""

import asyncio
from typing import Any

import httpx

from cce_etl.extract.auth import RENEW_BEFORE_SECONDS, Credential, RenewingAuth
from cce_etl.timestamps import NANOSECONDS

HOUR = 3_600 * NANOSECONDS


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


def test_a_second_refusal_is_the_answer() -> None:
    async def run() -> tuple[str, int]:
        provider = NumberedTokens()
        auth = RenewingAuth(provider, lambda: provider.now)
        return await send(auth, {"token-1", "token-2", "token-3"}), provider.asked

    assert asyncio.run(run()) == ("", 2)
