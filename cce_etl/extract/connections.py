"""The connections under all requests: trust, limits, and the proxy that the environment names.

Lives here: how httpx sits on aiohttp. Does not: requests and retries (`client`), signing in (`auth`).
"""

import ssl
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from httpx_aiohttp import AiohttpTransport

from cce_etl.errors import ConfigError

# A server's own metadata service and this machine: no proxy can know them.
_NEVER_PROXIED: Final = ("all://169.254.169.254", "all://127.0.0.1", "all://localhost", "all://[::1]")
_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "cce-etl"}
)


def http_client(endpoint: str, auth: httpx.Auth, concurrency: int) -> httpx.AsyncClient:
    """Return a client with at most `concurrency` connections, certificates checked against the system's trust store.

    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY count, as everywhere; raises ConfigError for a proxy that is no URL.
    """
    direct = _transport(concurrency, None)
    proxy = _proxy_for(endpoint)
    mounts = dict.fromkeys(_NEVER_PROXIED, direct) if proxy else {}
    transport = _transport(concurrency, proxy) if proxy else direct
    # The whole try has one limit (`client`); httpx's limits each cover a single read, which a trickle never exceeds.
    return httpx.AsyncClient(transport=transport, mounts=mounts, auth=auth, headers=_HEADERS, timeout=None)  # noqa: S113


def _transport(concurrency: int, proxy: httpx.Proxy | None) -> AiohttpTransport:
    limits = httpx.Limits(max_connections=concurrency, keepalive_expiry=30.0)
    return AiohttpTransport(verify=ssl.create_default_context(), limits=limits, proxy=proxy)


def _proxy_for(endpoint: str) -> httpx.Proxy | None:
    parts = urlsplit(endpoint)
    proxies = getproxies()
    url = proxies.get(parts.scheme) or proxies.get("all")
    if not url or proxy_bypass(parts.hostname or ""):
        return None
    try:
        # The protocol spoken to the proxy itself is HTTP when nothing is said, as curl has it.
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
    except (httpx.InvalidURL, ValueError):
        name = f"{parts.scheme.upper()}_PROXY"
        raise ConfigError(f"{name} or ALL_PROXY is wrong: a proxy is http://host:port or https://host:port.") from None
    # As a header of its own, since the way through aiohttp's BasicAuth is deprecated there.
    return httpx.Proxy(proxy.url, headers=_authorization(*proxy.auth)) if proxy.auth else proxy


def _authorization(name: str, password: str) -> dict[str, str]:
    return {"Proxy-Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}
