"""Addresses as people write them, as URLs without a trailing slash.

Lives here: what is an address, and which may be spoken to without encryption. Does not: whose it is (`settings`).
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from cce_etl.errors import ConfigError

_NETWORK_LOCATION: Final = re.compile(r"[A-Za-z0-9_.:\[\]-]+", re.ASCII)


def normalize_endpoint(text: str, name: str) -> str:
    """Return an address as a URL; raise ConfigError naming the setting `name` when it is none, without any secret."""
    # A name or password before the @ is a secret and stays out of the message.
    shown = repr(text.rpartition("@")[2])
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    is_plain = bool(_NETWORK_LOCATION.fullmatch(parts.netloc)) and not re.search(r"[?#\s]", text)
    if parts.scheme not in ("http", "https") or not host or not is_plain:
        raise ConfigError(f"{name} is wrong: {shown} is no address such as https://cce.eu-west-101.myhuaweicloud.eu.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError(f"{name} is wrong: {shown} would send secrets unencrypted. Use https.")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
