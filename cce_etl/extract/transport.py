"""The HTTP transport: signed requests over pooled connections, with the system's trust store and proxies."""

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

# No proxy can reach this machine or its metadata service.
_NEVER_PROXIED: Final = ("169.254.169.254", "127.0.0.1", "localhost", "::1")
_HEADERS: Final = httpx.Headers({"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "cce-etl"})
_NO_BODY: Final = httpx.ByteStream(b"")
_KEEP_ALIVE_SECONDS: Final = 30.0


class Transport:
    """Signed GET requests over at most `concurrency` connections; an async context manager, which owns them.

    Certificates are checked against the system's trust store. No cookie is kept and no redirect is followed. Requests
    go to AiohttpTransport without an httpx client in between (docs/decisions/0003).

    Raises:
        ConfigError: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not the URL of a proxy.
    """

    def __init__(self, endpoint: str, auth: httpx.Auth, concurrency: int) -> None:
        self._auth = auth
        self._concurrency = concurrency
        self._is_secure = urlsplit(endpoint).scheme == "https"
        self._proxy = _proxy_for(endpoint)

    async def __aenter__(self) -> Self:
        # Reading the trust store takes 20 ms. For plain http aiohttp's own default will do.
        trust = ssl.create_default_context() if self._is_secure else True
        connector = aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=trust)
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # The session has the trust store. The empty context keeps httpx from reading another one.
        no_trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._direct = AiohttpTransport(verify=no_trust, client=session)
        self._proxied = AiohttpTransport(verify=no_trust, client=session, proxy=self._proxy)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._direct.aclose()

    async def get(self, url: str) -> httpx.Response:
        """Return the response to a signed request, its body unread; the caller closes it.

        The auth flow may send requests of its own, for a token, and repeat this one.
        """
        # With a stream given, httpx leaves the headers as they are, and aiohttp adds the host.
        request = httpx.Request("GET", url, headers=_HEADERS, stream=_NO_BODY)
        request.read()
        flow = self._auth.async_auth_flow(request)
        try:
            step = await anext(flow)
            while True:
                transport = self._direct if step.url.host in _NEVER_PROXIED else self._proxied
                response = await transport.handle_async_request(step)
                if step is request and response.status_code == 200:  # no auth flow repeats a request that succeeded
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


def _proxy_for(endpoint: str) -> httpx.Proxy | None:
    parts = urlsplit(endpoint)
    proxies = getproxies()
    url = proxies.get(parts.scheme) or proxies.get("all")
    if not url or proxy_bypass(parts.hostname or ""):
        return None
    try:
        # A proxy without a scheme is spoken to in plain HTTP, as curl does.
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
        has_host = bool(proxy.url.host)
    except (httpx.InvalidURL, ValueError):
        has_host = False
    if not has_host:
        name = f"{parts.scheme.upper()}_PROXY"
        raise ConfigError(f"{name} or ALL_PROXY is wrong: a proxy is http://host:port or https://host:port.")
    if not proxy.auth:
        return proxy
    # As a header, because passing a name and password through aiohttp's BasicAuth is deprecated there.
    credentials = b64encode(":".join(proxy.auth).encode()).decode()
    return httpx.Proxy(proxy.url, headers={"Proxy-Authorization": f"Basic {credentials}"})
