"""Ways to sign a request, each an `httpx.Auth` whose flow is a generator of requests.

Lives here: headers that prove who asks, and what is lent for a time kept fresh in memory, never on disk.
Does not: who lends it (`lenders`), which way a user has set up (`access`); nothing here prints a secret.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime
from typing import Final, Protocol

import httpx
import msgspec

from cce_etl.errors import ApiError
from cce_etl.extract.signing import AccessKey, signed_headers
from cce_etl.timestamps import NANOSECONDS

# Renewed this long before it ends, so that nothing ends between signing and arrival.
RENEW_BEFORE_SECONDS: Final = 300
# A lender that just failed is not asked again by every request that waited for it.
_FAILURE_KEPT_SECONDS: Final = 1
_Clock = Callable[[], int]
# What the rest of the project calls a way to sign, without importing httpx.
Auth = httpx.Auth


class TokenAuth(httpx.Auth):
    """Sign requests with a ready IAM token in the header X-Auth-Token.

    Source: API page "Authentication", token-based.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token to the request."""
        request.headers["X-Auth-Token"] = self._token
        yield request

    def __repr__(self) -> str:
        return "TokenAuth(...)"


class KeyAuth(httpx.Auth):
    """Sign requests with an access key (SDK-HMAC-SHA256); the API allows the clock to be off by 15 minutes."""

    requires_request_body = True

    def __init__(self, key: AccessKey, project_id: str, clock: _Clock) -> None:
        self._key = key
        self._project_id = project_id
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature to the request."""
        sign(request, self._key, self._project_id, self._clock())
        yield request

    def __repr__(self) -> str:
        return "KeyAuth(...)"


class Credential(msgspec.Struct, frozen=True):
    """Hold what a lender gave: how it signs a request, and when it ends (ns since 1970 UTC)."""

    sign: Callable[[httpx.Request], None]
    ends_at: int


class CredentialProvider(Protocol):
    """Give something that signs requests for a time: a token, a temporary key."""

    def ask(self) -> httpx.Request:
        """Return the request that asks for it."""

    def read(self, response: httpx.Response) -> Credential:
        """Return what was given; raise AuthError when it was refused, RetryableError when asking failed."""


class RenewingAuth(httpx.Auth):
    """Sign requests with what a lender gives: asked for once, shared by all requests in flight.

    It is renewed before it ends, and once when the API answers 401; however many requests are refused together, one
    asks the lender.
    """

    def __init__(self, lender: CredentialProvider, clock: _Clock) -> None:
        self._lender = lender
        self._clock = clock
        self._lock = asyncio.Lock()
        self._lent: Credential | None = None
        self._refused: Credential | None = None
        self._failure: ApiError | None = None
        self._failed_at = 0

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign the request, asking the lender first where needed; send it once more when it is refused."""
        for _ in range(2):
            async with self._lock:
                if self._is_stale():
                    response = yield self._ask()
                    await response.aread()
                    self._keep(response)
            lent = self._lent
            assert lent is not None  # noqa: S101  `_keep` has set it, or raised
            lent.sign(request)
            response = yield request
            if response.status_code != 401:
                return
            self._refused = lent

    def _is_stale(self) -> bool:
        lent = self._lent
        ends_soon = lent is not None and self._clock() >= lent.ends_at - RENEW_BEFORE_SECONDS * NANOSECONDS
        return lent is None or lent is self._refused or ends_soon

    def _ask(self) -> httpx.Request:
        if self._failure and self._clock() < self._failed_at + _FAILURE_KEPT_SECONDS * NANOSECONDS:
            raise self._failure
        return self._lender.ask()

    def _keep(self, response: httpx.Response) -> None:
        try:
            self._lent = self._lender.read(response)
        except ApiError as error:
            self._failure, self._failed_at = error, self._clock()
            raise
        self._failure = None

    def __repr__(self) -> str:
        return "RenewingAuth(...)"


def sign(request: httpx.Request, key: AccessKey, project_id: str, now: int) -> None:
    """Put the signature of a request into its headers; the host and the project are signed with it."""
    moment = datetime.fromtimestamp(now // NANOSECONDS, UTC)
    path, _, query = request.url.raw_path.decode().partition("?")
    headers = {"Host": request.url.netloc.decode(), "X-Project-Id": project_id}
    proved = signed_headers(key, request.method, path, query, headers, request.content, moment)
    # One by one: httpx's `update` of four takes three times as long.
    for name, value in proved.items():
        request.headers[name] = value
