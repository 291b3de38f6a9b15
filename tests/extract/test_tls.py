"""Certificates are checked against the system's trust store, to which a company may add its own authority."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, Failed, Fetched, FetchPolicy, Gone


async def ask(authority: trustme.CA) -> tuple[Fetched | Gone | Failed, int]:
    """Fetch one job over TLS; return the outcome and how many requests came through."""
    asked = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(body=b"{}")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        port = runner.addresses[0][1]
        policy = FetchPolicy(max_attempts=1, rate_limit=0)
        async with Client(f"https://127.0.0.1:{port}", "p", TokenAuth("t"), policy, lambda: 0) as client:
            return await client.fetch("a"), asked
    finally:
        await runner.cleanup()


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() -> None:
    outcome, asked = asyncio.run(ask(trustme.CA()))
    assert isinstance(outcome, Failed)
    assert outcome.kind == "unreachable"
    assert "certificate" in outcome.message.lower()
    assert asked == 0


def test_an_authority_added_to_the_trust_store_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    outcome, asked = asyncio.run(ask(authority))
    assert isinstance(outcome, Fetched)
    assert asked == 1
