"""Signing with an access key: what SDK-HMAC-SHA256 makes of a request. Pure.

Lives here: the canonical request and its signature.
Does not: where keys come from (`settings`, `auth`), sending.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

import msgspec

_ALGORITHM: Final = "SDK-HMAC-SHA256"
_DIGEST_OF_NOTHING: Final = hashlib.sha256(b"").hexdigest()
# What needs no encoding (RFC 3986, unreserved, and the slash): all of a job's path, mostly.
_PLAIN_PATH: Final = re.compile(r"[\w.~/-]*", re.ASCII)


class AccessKey(msgspec.Struct, frozen=True):
    """Hold an access key and its secret; a temporary one comes with a security token."""

    access_key: str
    secret_key: str
    security_token: str | None = None

    def __repr__(self) -> str:
        return f"AccessKey({self.access_key[:4]}...)"


def signed_headers(
    key: AccessKey, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, moment: datetime
) -> dict[str, str]:
    """Return `headers` with those that prove who asks: X-Sdk-Date, X-Security-Token, Authorization.

    `path` and `query` as they stand in the URL, percent-encoded; `headers` are all signed; `moment` in UTC.
    Source: API page "Authentication", AK/SK-based; the path gains a slash at its end and is encoded anew.
    """
    date = _date(moment)
    proved = dict(headers) | {"X-Sdk-Date": date}
    if key.security_token:
        proved["X-Security-Token"] = key.security_token
    order, names = _in_order(tuple(proved))
    lines = "".join([f"{lowered}:{proved[name].strip()}\n" for lowered, name in order])
    digest = hashlib.sha256(body).hexdigest() if body else _DIGEST_OF_NOTHING
    canonical = f"{method.upper()}\n{_canonical_path(path)}\n{_canonical_query(query)}\n{lines}\n{names}\n{digest}"
    text = f"{_ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(key.secret_key.encode(), text.encode(), "sha256").hex()
    proved["Authorization"] = f"{_ALGORITHM} Access={key.access_key}, SignedHeaders={names}, Signature={signature}"
    return proved


# What does not vary from request to request is made once: a third of what signing takes.
@lru_cache(maxsize=1)
def _date(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


@lru_cache(maxsize=8)
def _in_order(names: tuple[str, ...]) -> tuple[list[tuple[str, str]], str]:
    """Return header names in the order of their lower case, each with that before it, and the list of those signed."""
    order = sorted((name.lower(), name) for name in names)
    return order, ";".join(lowered for lowered, _ in order)


def _canonical_path(path: str) -> str:
    plain = (
        path if _PLAIN_PATH.fullmatch(path) else "/".join(quote(part, safe="~") for part in unquote(path).split("/"))
    )
    return plain if plain.endswith("/") else f"{plain}/"


def _canonical_query(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True)) if query else []
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
