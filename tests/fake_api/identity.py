"""Sign-in at the synthetic API: IAM's tokens, a fixed access key, and temporary keys of the metadata service."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.body import json_bytes
from cce_etl.demo.responses import json_response
from cce_etl.timestamps import NANOSECONDS
from tests.fake_api.signatures import access_key_of, signature_error

# Synthetic credentials: no other server accepts them.
DEMO_ACCESS_KEY: Final = "SYNTHETICDEMOACCESS1"
DEMO_SECRET_KEY: Final = "synthetic-demo-secret-key-opens-nothing"
DEMO_USERNAME: Final = "synthetic-demo-user"
DEMO_PASSWORD: Final = "synthetic-demo-password-opens-nothing"
DEMO_DOMAIN: Final = "synthetic-demo-domain"

TOKENS_PATH: Final = "/v3/auth/tokens"
SECURITY_KEY_PATH: Final = "/openstack/latest/securitykey"
VALID_SECONDS: Final = 24 * 3_600


@dataclass(frozen=True, slots=True)
class _TemporaryKey:
    secret_key: str
    security_token: str
    ends_at_ns: int


class Identity:
    """The tokens and temporary keys given out, each valid VALID_SECONDS by a clock of nanoseconds since 1970 UTC."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._tokens = {DEMO_TOKEN: 2**63}
        self._keys: dict[str, _TemporaryKey] = {}
        self._numbers = count(1)
        self.endpoints: Mapping[tuple[str, str], Callable[[web.Request], Awaitable[web.Response]]] = {
            ("POST", TOKENS_PATH): self._give_token,
            ("GET", SECURITY_KEY_PATH): self._give_key,
        }

    def void_all(self) -> None:
        """Void every token and temporary key given out so far, DEMO_TOKEN included."""
        self._tokens.clear()
        self._keys.clear()

    async def refusal_reason(self, request: web.Request) -> str | None:
        """Return why the credentials of a request are invalid, in the gateway's words; None when they are valid."""
        now_ns = self._clock()
        token = request.headers.get("X-Auth-Token")
        if token is not None:
            return None if now_ns < self._tokens.get(token, 0) else "decrypt token fail"
        access_key = access_key_of(request)
        if access_key is None:
            return "x-auth-token not found"
        if access_key == DEMO_ACCESS_KEY:
            return await signature_error(request, DEMO_SECRET_KEY, now_ns)
        key = self._keys.get(access_key)
        if key is None:
            return f"Get secretKey failed,ak:{access_key},err:ak not exist"
        if now_ns >= key.ends_at_ns or request.headers.get("X-Security-Token") != key.security_token:
            return "verify aksk signature fail"
        return await signature_error(request, key.secret_key, now_ns)

    async def _give_token(self, request: web.Request) -> web.Response:
        """Answer POST /v3/auth/tokens: the password method, for the demo project.

        Source: IAM API page "Obtaining a User Token".
        """
        try:
            is_valid = _is_demo_login(json.loads(await request.read()))
        except (ValueError, KeyError, TypeError, AttributeError):
            return iam_error(400, "Bad Request", "The request body is invalid")
        if not is_valid:
            return iam_error(401, "Unauthorized", "The username or password is wrong.")
        token, ends_at_ns = uuid4().hex, self._end_ns()
        self._tokens[token] = ends_at_ns
        body = {"token": {"expires_at": _iam_time(ends_at_ns), "methods": ["password"]}}
        response = json_response(json_bytes(body), status=201)
        response.headers["X-Subject-Token"] = token
        return response

    async def _give_key(self, _request: web.Request) -> web.Response:
        """Answer GET /openstack/latest/securitykey as on a server with an agency: a new key each time."""
        access_key = f"SYNTHETICTEMPORARY{next(self._numbers):04d}"
        key = _TemporaryKey(uuid4().hex, uuid4().hex, self._end_ns())
        self._keys[access_key] = key
        names = {"access": access_key, "secret": key.secret_key, "securitytoken": key.security_token}
        return json_response(json_bytes({"credential": names | {"expires_at": _iam_time(key.ends_at_ns)}}))

    def _end_ns(self) -> int:
        return self._clock() + VALID_SECONDS * NANOSECONDS


# How a middleware finds the identity of the application that it serves.
IDENTITY: Final = web.AppKey("identity", Identity)


def iam_error(status: int, title: str, message: str) -> web.Response:
    """Return an error of IAM: an object with code, message and title."""
    return json_response(json_bytes({"error": {"code": status, "message": message, "title": title}}), status=status)


def _is_demo_login(document: Any) -> bool:
    identity, scope = document["auth"]["identity"], document["auth"]["scope"]
    user = identity["password"]["user"]
    given = (identity["methods"], user["name"], user["password"], user["domain"]["name"], scope["project"]["id"])
    return bool(given == (["password"], DEMO_USERNAME, DEMO_PASSWORD, DEMO_DOMAIN, DEMO_PROJECT_ID))


def _iam_time(instant_ns: int) -> str:
    """Return an instant as IAM writes it: RFC 3339 with microseconds, as 2026-11-24T10:00:00.000000Z."""
    return datetime.fromtimestamp(instant_ns // NANOSECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
