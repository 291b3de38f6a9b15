"""An API on a loopback port that answers as scripted, and counts requests and how many are in flight."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, FetchPolicy, FetchStatistics
from cce_etl.extract.worker_pool import Outcome, fetch_all

TOKEN = "canary-token-0123456789"
FETCHED_AT = 1_772_323_200_000_000_123


@dataclass(frozen=True)
class Answer:
    """One answer; its chunks are sent `pause_seconds` apart, and `is_cut` breaks the connection after the last."""

    status: int
    chunks: Sequence[bytes]
    headers: dict[str, str]
    pause_seconds: float
    is_cut: bool


@dataclass
class ScriptedApi:
    """What the API answers, and what it saw; it answers nobody until it holds `held_back` requests at once."""

    token: str = TOKEN
    raw: bytes | None = None
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    requests: list[web.BaseRequest] = field(default_factory=list)
    held_back: int = 1
    is_full: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: int = 0
    most_in_flight: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    statistics: FetchStatistics = field(default_factory=FetchStatistics)
    waited_seconds: float = 0.0
    client_repr: str = ""

    def script(
        self,
        job_id: str,
        status: int = 200,
        body: bytes | Sequence[bytes] = b"{}",
        *,
        pause_seconds: float = 0.0,
        is_cut: bool = False,
        **headers: str,
    ) -> None:
        """Add one answer for an id; the last one is given again and again. A header `retry_after` is Retry-After."""
        chunks = [body] if isinstance(body, bytes) else body
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(job_id, []).append(Answer(status, chunks, dashed, pause_seconds, is_cut))

    def fetch(self, *job_ids: str, endpoint: str | None = None, **policy: Any) -> list[Outcome]:
        """Fetch the ids from the scripted API, or from another endpoint, and return the outcomes as they came."""
        usual: dict[str, Any] = {"max_attempts": 2, "timeout_seconds": 10.0, "rate_limit": 0.0, "concurrency": 4}
        usual["max_body_bytes"] = 100_000
        asyncio.run(self._fetch(job_ids, endpoint, FetchPolicy(**usual | policy)))
        return self.outcomes

    def fetch_one(self, job_id: str = "a", **policy: Any) -> Any:
        """Fetch one id and return its outcome."""
        (outcome,) = self.fetch(job_id, **policy)
        return outcome

    async def _fetch(self, job_ids: Sequence[str], endpoint: str | None, policy: FetchPolicy) -> None:
        async def receive(outcome: Outcome) -> None:
            self.outcomes.append(outcome)

        async with self._serve() as served:
            client = Client(endpoint or served, "project", TokenAuth(self.token), policy, lambda: FETCHED_AT)
            try:
                async with client:
                    await fetch_all(client, job_ids, receive)
            finally:
                self.statistics, self.client_repr = client.statistics, repr(client) + repr(vars(client))
                self.waited_seconds = client.rate_limiter.waited_seconds

    @asynccontextmanager
    async def _serve(self) -> AsyncIterator[str]:
        if self.raw is not None:
            server = await asyncio.start_server(self._answer_raw, "127.0.0.1", 0)
            async with server:
                yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            return
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        job_id = request.path.rpartition("/")[2]
        self.asked.append(job_id)
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.in_flight >= self.held_back:
                self.is_full.set()
            await self.is_full.wait()
            script = self.answers[job_id]
            return await self._send(request, script.pop(0) if len(script) > 1 else script[0])
        finally:
            self.in_flight -= 1

    async def _send(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        if len(answer.chunks) == 1 and not answer.is_cut:
            await asyncio.sleep(answer.pause_seconds)
            return web.Response(status=answer.status, body=answer.chunks[0], headers=answer.headers)
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        await response.prepare(request)
        for chunk in answer.chunks:
            await response.write(chunk)
            await asyncio.sleep(answer.pause_seconds)
        if answer.is_cut and request.transport is not None:
            request.transport.abort()
        return response

    async def _answer_raw(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked.append("raw")
            writer.write(self.raw or b"")
            await writer.drain()
        finally:
            writer.close()


@pytest.fixture
def api() -> ScriptedApi:
    """Return an API without any answers yet."""
    return ScriptedApi()
