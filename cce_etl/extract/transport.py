"""The connections under all requests: signing, trust, limits, and the proxy that the environment names.

Lives here: how httpx sits on aiohttp. Does not: paths and retries (`client`), what signs (`auth`).
"""

import ssl
from base64 import b64encode
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from cce_etl.errors import ConfigError

# A server's own metadata service and this machine: no proxy can know them.
_NEVER_PROXIED: Final = ("169.254.169.254", "127.0.0.1", "localhost", "::1")
_HEADERS: Final = httpx.Headers({"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "cce-etl"})
_NO_BODY: Final = httpx.ByteStream(b"")
_KEEP_ALIVE_SECONDS: Final = 30.0


class Connections:
    """Send signed requests over at most `concurrency` connections; use as an async context manager.

    Certificates are checked against the system's trust store. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY count, as
    everywhere; raises ConfigError for a proxy that is no URL. No cookie is kept and no redirect followed.
    """

    def __init__(self, endpoint: str, auth: httpx.Auth, concurrency: int) -> None:
        self._auth = auth
        self._concurrency = concurrency
        self._is_secure = urlsplit(endpoint).scheme == "https"
        self._proxy = _proxy_for(endpoint)

    async def __aenter__(self) -> Self:
        # Reading the trust store takes 20 ms; without TLS there, aiohttp's own will do, which trusts the same.
        trust = ssl.create_default_context() if self._is_secure else True
        connector = aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=trust)
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        self._direct = _transport(session, None)
        self._proxied = _transport(session, self._proxy) if self._proxy else self._direct
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._direct.aclose()

    async def get(self, url: str) -> httpx.Response:
        """Return the answer to a signed request, asked for again where the way to sign wants that.

        Its body is still to be read; the caller closes it.
        """
        request = _request(url)
        flow = self._auth.async_auth_flow(request)
        try:
            step = await anext(flow)
            while True:
                response = await self._send(step)
                if step is request and response.status_code == 200:  # no way to sign asks again after that
                    return response
                try:
                    step = await flow.asend(response)
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await response.aclose()
                    raise
                await response.aclose()
        finally:
            await flow.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        # To the transport itself: httpx's client would merge URLs, headers and cookies anew for each request.
        transport = self._direct if request.url.host in _NEVER_PROXIED else self._proxied
        return await transport.handle_async_request(request)


def _request(url: str) -> httpx.Request:
    # With a stream of its own, httpx leaves the headers as they are, and aiohttp adds the host.
    request = httpx.Request("GET", url, headers=_HEADERS, stream=_NO_BODY)
    request.read()
    return request


def _transport(session: aiohttp.ClientSession, proxy: httpx.Proxy | None) -> AiohttpTransport:
    # The session has the trust already; a context that trusts nobody spares reading another store.
    return AiohttpTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), proxy=proxy, client=session)


def _proxy_for(endpoint: str) -> httpx.Proxy | None:
    parts = urlsplit(endpoint)
    proxies = getproxies()
    url = proxies.get(parts.scheme) or proxies.get("all")
    if not url or proxy_bypass(parts.hostname or ""):
        return None
    try:
        # The protocol spoken to the proxy itself is HTTP when nothing is said, as curl has it.
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
        is_url = bool(proxy.url.host)
    except (httpx.InvalidURL, ValueError):
        is_url = False
    if not is_url:
        name = f"{parts.scheme.upper()}_PROXY"
        raise ConfigError(f"{name} or ALL_PROXY is wrong: a proxy is http://host:port or https://host:port.")
    # As a header of its own, since the way through aiohttp's BasicAuth is deprecated there.
    return httpx.Proxy(proxy.url, headers=_authorization(*proxy.auth)) if proxy.auth else proxy


def _authorization(name: str, password: str) -> dict[str, str]:
    return {"Proxy-Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}
