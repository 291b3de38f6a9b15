"""Opening connections to the API, with the system's trust store and the proxy of the environment."""

import ssl
from base64 import b64encode
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from cce_etl.errors import ConfigError

# No proxy can reach this machine or its metadata service.
NEVER_PROXIED: Final = ("169.254.169.254", "127.0.0.1", "localhost", "::1")
_KEEP_ALIVE_SECONDS: Final = 30.0


def proxy_for(endpoint: str) -> httpx.Proxy | None:
    """Return the environment's proxy for an endpoint, None where there is none.

    Raises:
        ConfigError: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not the URL of a proxy.
    """
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


def open_transports(
    endpoint: str, proxy: httpx.Proxy | None, concurrency: int
) -> tuple[AiohttpTransport, AiohttpTransport]:
    """Return a direct transport and one through the proxy; closing either closes the connections of both.

    They share at most `concurrency` connections. Certificates are checked against the system's trust store. No cookie
    is kept and no redirect is followed.
    """
    # Reading the trust store takes 20 ms. Plain http does not need it.
    trust = ssl.create_default_context() if urlsplit(endpoint).scheme == "https" else True
    connector = aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=trust)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    # The session has the trust store. The empty context keeps httpx from reading another one.
    no_trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    direct = AiohttpTransport(verify=no_trust, client=session)
    return direct, AiohttpTransport(verify=no_trust, client=session, proxy=proxy)
