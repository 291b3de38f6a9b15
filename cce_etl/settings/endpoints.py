"""Addresses of the API, of IAM and of the metadata service, as URLs without a trailing slash."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from cce_etl.errors import ConfigError
from cce_etl.settings.settings import METADATA_ENDPOINT, Settings

_NETWORK_LOCATION: Final = re.compile(r"[A-Za-z0-9_.:\[\]-]+", re.ASCII)
_REGION: Final = re.compile(r"[a-z0-9-]{2,64}", re.ASCII)
# The regions whose addresses end differently from the others' (API page "Regions and Endpoints").
_DOMAIN_OF_REGION: Final = {"eu-west-101": "myhuaweicloud.eu"}


def endpoint_of(settings: Settings) -> str:
    """Return the URL of the API, from CCE_ENDPOINT or else from CCE_REGION.

    Raises:
        ConfigError: Neither is set, or one is wrong. Plain http to another machine is wrong, because it would show
            the token to everybody on the way.
    """
    if settings.endpoint is not None:
        return normalize_endpoint(settings.endpoint, "CCE_ENDPOINT")
    if settings.region is None:
        raise ConfigError(
            "Neither CCE_ENDPOINT nor CCE_REGION is set: say where the API is, e.g. CCE_REGION=eu-west-101."
        )
    if not _REGION.fullmatch(settings.region):
        raise ConfigError(f"CCE_REGION is wrong: {settings.region!r} is not a region, such as ap-southeast-3.")
    return f"https://cce.{settings.region}.{_DOMAIN_OF_REGION.get(settings.region, 'myhuaweicloud.com')}"


def iam_endpoint_of(settings: Settings) -> str:
    """Return the URL of IAM: CCE_IAM_ENDPOINT, else the API's own with iam. in place of cce.

    Raises:
        ConfigError: CCE_IAM_ENDPOINT is wrong, or not set and the API's host does not begin with cce.
    """
    if settings.iam_endpoint is not None:
        return normalize_endpoint(settings.iam_endpoint, "CCE_IAM_ENDPOINT")
    parts = urlsplit(endpoint_of(settings))
    if not parts.netloc.startswith("cce."):
        raise ConfigError(
            "CCE_IAM_ENDPOINT is not set, and cannot be derived from CCE_ENDPOINT, whose host does not begin with cce."
        )
    return f"{parts.scheme}://iam.{parts.netloc.removeprefix('cce.')}"


def metadata_endpoint_of(settings: Settings) -> str:
    """Return the URL of the server's metadata service: its fixed address, or another one, as a test has it."""
    url = settings.metadata_endpoint.rstrip("/")
    return url if url == METADATA_ENDPOINT else normalize_endpoint(url, "CCE_METADATA_ENDPOINT")


def normalize_endpoint(text: str, name: str) -> str:
    """Return an address as a URL.

    Raises:
        ConfigError: It is not an address; the message names the setting `name` and shows no secret.
    """
    # A name or password before the @ is a secret and stays out of the message.
    shown = repr(text.rpartition("@")[2])
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    is_plain = bool(_NETWORK_LOCATION.fullmatch(parts.netloc)) and not re.search(r"[?#\s]", text)
    if parts.scheme not in ("http", "https") or not host or not is_plain:
        raise ConfigError(
            f"{name} is wrong: {shown} is not an address such as https://cce.eu-west-101.myhuaweicloud.eu."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"{name} is wrong: {shown} would send secrets unencrypted. Use https.")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its address or as localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
