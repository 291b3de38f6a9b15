"""Who may ask the synthetic API: IAM's tokens, a fixed access key, and temporary keys of the metadata service.

Lives here: what is given out, and whether a request proves who asks. Does not: checking signatures (`signatures`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from cce_etl.demo.answers import identity_refusal, json_answer
from cce_etl.demo.body import json_bytes
from cce_etl.demo.signatures import access_key_of, fault_of_signature
from cce_etl.timestamps import NANOSECONDS

# Synthetic: they open nothing but this loopback server.
DEMO_PROJECT_ID: Final = "de300000000040008000000000000001"
DEMO_TOKEN: Final = "synthetic-demo-token"  # noqa: S105
DEMO_ACCESS_KEY: Final = "SYNTHETICDEMOACCESS1"
DEMO_SECRET_KEY: Final = "synthetic-demo-secret-key-opens-nothing"  # noqa: S105
DEMO_USERNAME: Final = "synthetic-demo-user"
DEMO_PASSWORD: Final = "synthetic-demo-password-opens-nothing"  # noqa: S105
DEMO_DOMAIN: Final = "synthetic-demo-domain"

TOKENS_PATH: Final = "/v3/auth/tokens"
SECURITY_KEY_PATH: Final = "/openstack/latest/securitykey"
LENT_SECONDS: Final = 24 * 3_600
_FOREVER_NS: Final = 2**63


@dataclass(frozen=True, slots=True)
class _TemporaryKey:
    secret_key: str
    security_token: str
    ends_at_ns: int


@dataclass
class Identity:
    """Give out tokens and temporary keys, valid LENT_SECONDS by the given clock (ns since 1970-01-01 UTC)."""

    clock: Callable[[], int]
    _tokens: dict[str, int] = field(default_factory=lambda: {DEMO_TOKEN: _FOREVER_NS})
    _keys: dict[str, _TemporaryKey] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def void_all(self) -> None:
        """Let every token and temporary key given out so far prove nothing any more, DEMO_TOKEN included."""
        self._tokens.clear()
        self._keys.clear()

    async def give_token(self, request: web.Request) -> web.Response:
        """Answer POST /v3/auth/tokens, password method, scope the demo project.

        Source: IAM API page "Obtaining a User Token".
        """
        try:
            is_known = _is_demo_login(json.loads(await request.read()))
        except (ValueError, KeyError, TypeError, AttributeError):
            return identity_refusal(400, "Bad Request", "The request body is invalid")
        if not is_known:
            return identity_refusal(401, "Unauthorized", "The username or password is wrong.")
        token, ends_at_ns = uuid4().hex, self._end()
        self._tokens[token] = ends_at_ns
        body = {"token": {"expires_at": _instant_text(ends_at_ns), "methods": ["password"]}}
        response = json_answer(json_bytes(body), status=201)
        response.headers["X-Subject-Token"] = token
        return response

    async def give_key(self, _request: web.Request) -> web.Response:
        """Answer GET /openstack/latest/securitykey, as on a server with an agency: a new key each time."""
        access_key = f"SYNTHETICTEMPORARY{next(self._numbers):04d}"
        key = _TemporaryKey(uuid4().hex, uuid4().hex, self._end())
        self._keys[access_key] = key
        names = {"access": access_key, "secret": key.secret_key, "securitytoken": key.security_token}
        return json_answer(json_bytes({"credential": names | {"expires_at": _instant_text(key.ends_at_ns)}}))

    async def fault_of(self, request: web.Request) -> str | None:
        """Return why a request does not prove who asks, in the gateway's words; None when it does."""
        token = request.headers.get("X-Auth-Token")
        if token is not None:
            return None if self.clock() < self._tokens.get(token, 0) else "decrypt token fail"
        access_key = access_key_of(request)
        if access_key is None:
            return "x-auth-token not found"
        if access_key == DEMO_ACCESS_KEY:
            return await fault_of_signature(request, DEMO_SECRET_KEY, self.clock())
        key = self._keys.get(access_key)
        if key is None:
            return f"Get secretKey failed,ak:{access_key},err:ak not exist"
        if self.clock() >= key.ends_at_ns or request.headers.get("X-Security-Token") != key.security_token:
            return "verify aksk signature fail"
        return await fault_of_signature(request, key.secret_key, self.clock())

    def _end(self) -> int:
        return self.clock() + LENT_SECONDS * NANOSECONDS


# How a middleware finds the identity of the application it serves.
IDENTITY: Final = web.AppKey("identity", Identity)


def _is_demo_login(document: Any) -> bool:
    identity, scope = document["auth"]["identity"], document["auth"]["scope"]
    user = identity["password"]["user"]
    said = (identity["methods"], user["name"], user["password"], user["domain"]["name"], scope["project"]["id"])
    return bool(said == (["password"], DEMO_USERNAME, DEMO_PASSWORD, DEMO_DOMAIN, DEMO_PROJECT_ID))


def _instant_text(instant_ns: int) -> str:
    """Return an instant as IAM writes it: RFC 3339 with microseconds, as 2026-11-24T10:00:00.000000Z."""
    return datetime.fromtimestamp(instant_ns // NANOSECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
