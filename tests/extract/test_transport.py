"""Certificates are checked against the system's trust store, and the proxy of the environment is used."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from aiohttp import web

from cce_etl.errors import ConfigError
from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, Failed, Fetched, FetchPolicy, Gone

if TYPE_CHECKING:
    from tests.extract.conftest import ScriptedApi

HOST = "cce.nowhere.invalid"  # a name that no resolver knows
PASSWORD = "canary-proxy-password"


@asynccontextmanager
async def api_over_tls(authority: trustme.CA, host: str, requests: list[str]) -> AsyncIterator[int]:
    """Serve one job over TLS with a certificate for `host`, keep the paths asked for, and yield the port."""

    async def answer(request: web.Request) -> web.Response:
        requests.append(request.path)
        return web.Response(body=b"{}")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def fetch_directly(authority: trustme.CA) -> tuple[Fetched | Gone | Failed, list[str]]:
    """Fetch one job over TLS; return the outcome and the requests that reached the server."""
    requests: list[str] = []
    policy = FetchPolicy(max_attempts=1, rate_limit=0)
    async with (
        api_over_tls(authority, "127.0.0.1", requests) as port,
        Client(f"https://127.0.0.1:{port}", "p", TokenAuth("t"), policy, lambda: 0) as client,
    ):
        return await client.fetch("a"), requests


@asynccontextmanager
async def proxy(to_port: int, answer: bytes, seen: list[bytes]) -> AsyncIterator[int]:
    """Run a proxy that keeps the head of each CONNECT request, answers, and forwards all bytes; yield its port."""
    writers: list[asyncio.StreamWriter] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", to_port)
        writers.append(onward_writer)
        writer.write(answer)
        with suppress(ConnectionError):
            await asyncio.gather(pipe(reader, onward_writer), pipe(onward_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        await asyncio.sleep(0.05)  # for the pipes to see that it is over


async def fetch_through_proxy(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, answer: bytes
) -> tuple[Fetched | Gone | Failed, list[bytes]]:
    """Fetch one job through a proxy that answers so; return the outcome and the heads of requests to the proxy."""
    seen: list[bytes] = []
    policy = FetchPolicy(max_attempts=1, rate_limit=0)
    async with api_over_tls(authority, HOST, []) as api_port, proxy(api_port, answer, seen) as proxy_port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:{proxy_port}")
        async with Client(f"https://{HOST}", "p", TokenAuth("t"), policy, lambda: 0) as client:
            return await client.fetch("a"), seen


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Return an authority that is in the system's trust store, in an environment without any proxy."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return authority


def test_an_untrusted_certificate_is_refused_before_anything_is_sent() -> None:
    outcome, requests = asyncio.run(fetch_directly(trustme.CA()))
    assert isinstance(outcome, Failed)
    assert outcome.kind == "unreachable"
    assert "certificate" in outcome.message.lower()
    assert requests == []


def test_an_authority_in_the_trust_store_is_trusted(authority: trustme.CA) -> None:
    outcome, requests = asyncio.run(fetch_directly(authority))
    assert isinstance(outcome, Fetched)
    assert len(requests) == 1


def test_a_host_is_reached_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
) -> None:
    outcome, seen = asyncio.run(fetch_through_proxy(monkeypatch, authority, b"HTTP/1.1 200 Connected\r\n\r\n"))
    assert isinstance(outcome, Fetched)
    assert seen[0].startswith(f"CONNECT {HOST}:443 ".encode())
    assert b"proxy-authorization: Basic " + b64encode(f"user:{PASSWORD}".encode()) in seen[0]
    assert b"x-auth-token" not in seen[0].lower()  # it travels inside TLS only


def test_a_refusing_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, authority: trustme.CA) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    outcome, _ = asyncio.run(fetch_through_proxy(monkeypatch, authority, refusal))
    assert isinstance(outcome, Failed)
    assert outcome.kind == "unreachable"
    assert "407" in outcome.message
    assert PASSWORD not in repr(outcome)


def test_this_machine_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch, api: "ScriptedApi") -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    api.script("a")
    assert isinstance(api.fetch_one(), Fetched)


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_a_host_in_no_proxy_is_not_reached_through_the_proxy(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, name: str
) -> None:
    monkeypatch.setenv(name, "nowhere.invalid")
    outcome, seen = asyncio.run(fetch_through_proxy(monkeypatch, authority, b"HTTP/1.1 200 Connected\r\n\r\n"))
    assert isinstance(outcome, Failed)
    assert seen == []


@pytest.mark.parametrize("url", ["ftp://proxy:21", "http://[::1", "http://proxy:port", "http://"])
def test_a_proxy_that_is_not_a_url_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(ConfigError, match="HTTPS_PROXY"):
        Client(f"https://{HOST}", "p", TokenAuth("t"), FetchPolicy(), lambda: 0)
