"""The connections under all requests: signing, trust, limits, and the proxy that the environment names.

Lives here: one aiohttp session. Does not: paths and retries (`client`), what signs (`auth`).
"""

import ssl
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from cce_etl.errors import ConfigError
from cce_etl.extract.auth import Auth
from cce_etl.extract.messages import Answer, Request, Response, plain_url

# A server's own metadata service and this machine: no proxy can know them.
_NEVER_PROXIED: Final = ("169.254.169.254", "127.0.0.1", "localhost", "::1")
_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "cce-etl"}
)
_KEEP_ALIVE_SECONDS: Final = 30.0


class Connections:
    """Send signed requests over at most `concurrency` connections; use as an async context manager.

    Certificates are checked against the system's trust store. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY count, as
    everywhere; raises ConfigError for a proxy that is no URL. No cookie and no redirect is followed.
    """

    def __init__(self, endpoint: str, auth: Auth, concurrency: int) -> None:
        self._auth = auth
        self._concurrency = concurrency
        self._is_secure = urlsplit(endpoint).scheme == "https"
        proxy = _proxy_for(endpoint)
        self._proxy = proxy and proxy.with_user(None)
        self._proxy_headers = _authorization(proxy) if proxy else {}

    async def __aenter__(self) -> Self:
        # Reading the trust store takes 20 ms; without TLS, aiohttp's own, which trusts the same, is never used.
        trust = ssl.create_default_context() if self._is_secure else True
        connector = aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=trust)
        # The whole try has one limit (`client`); these each cover a single read, which a trickle never exceeds.
        unlimited = aiohttp.ClientTimeout(total=None, sock_connect=None)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=unlimited, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, url: str) -> Answer:
        """Return the answer to a signed request, asked for again where the way to sign wants that."""
        request = Request("GET", plain_url(url), CIMultiDict(_HEADERS))
        flow = self._auth.signed(request)
        try:
            step = await anext(flow)
            while True:
                response = await self._send(step)
                if step is request and response.status == 200:
                    return Answer(response, request)
                try:
                    step = await flow.asend(await _seen(response, step, request))
                except StopAsyncIteration:
                    return Answer(response, request)
                except BaseException:
                    response.release()
                    raise
                response.release()
        finally:
            await flow.aclose()

    async def _send(self, request: Request) -> aiohttp.ClientResponse:
        is_proxied = self._proxy is not None and request.url.host not in _NEVER_PROXIED
        return await self._session.request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.content or None,
            allow_redirects=False,
            proxy=self._proxy if is_proxied else None,
            proxy_headers=self._proxy_headers if is_proxied else None,
        )


async def _seen(response: aiohttp.ClientResponse, step: Request, request: Request) -> Response:
    """Return an answer as a way to sign sees it: with its body only where it was the one to ask."""
    content = b"" if step is request else await response.read()
    return Response(response.status, CIMultiDict(response.headers), content)


def _proxy_for(endpoint: str) -> URL | None:
    parts = urlsplit(endpoint)
    proxies = getproxies()
    url = proxies.get(parts.scheme) or proxies.get("all")
    if not url or proxy_bypass(parts.hostname or ""):
        return None
    try:
        # The protocol spoken to the proxy itself is HTTP when nothing is said, as curl has it.
        proxy = URL(url if "://" in url else f"http://{url}")
        is_url = proxy.scheme in ("http", "https") and bool(proxy.host)
    except ValueError:
        is_url = False
    if not is_url:
        name = f"{parts.scheme.upper()}_PROXY"
        raise ConfigError(f"{name} or ALL_PROXY is wrong: a proxy is http://host:port or https://host:port.") from None
    return proxy


def _authorization(proxy: URL) -> dict[str, str]:
    """Return who asks as a header of its own, since the way through aiohttp's BasicAuth is deprecated there."""
    if proxy.user is None:
        return {}
    who = f"{proxy.user}:{proxy.password or ''}"
    return {"Proxy-Authorization": f"Basic {b64encode(who.encode()).decode()}"}
