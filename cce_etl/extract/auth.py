"""Ways to sign a request, each a generator of requests that is told how they were answered.

Lives here: headers that prove who asks, and what is lent for a time kept fresh in memory, never on disk.
Does not: who lends it (`lenders`), which way a user has set up (`access`); nothing here prints a secret.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec
from yarl import URL

from cce_etl.errors import ApiError
from cce_etl.extract.messages import Request, Response
from cce_etl.extract.signing import AccessKey, signed_headers
from cce_etl.timestamps import NANOSECONDS

# Renewed this long before it ends, so that nothing ends between signing and arrival.
RENEW_BEFORE_SECONDS: Final = 300
# A lender that just failed is not asked again by every request that waited for it.
_FAILURE_KEPT_SECONDS: Final = 1
_Clock = Callable[[], int]


class Auth(Protocol):
    """Say how requests are signed."""

    def signed(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Yield what to send next, told how it was answered; the last answer to `request` is the one that counts."""


class TokenAuth:
    """Sign requests with a ready IAM token in the header X-Auth-Token.

    Source: API page "Authentication", token-based.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    async def signed(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Add the token to the request."""
        request.headers["X-Auth-Token"] = self._token
        yield request

    def __repr__(self) -> str:
        return "TokenAuth(...)"


class KeyAuth:
    """Sign requests with an access key (SDK-HMAC-SHA256); the API allows the clock to be off by 15 minutes."""

    def __init__(self, key: AccessKey, project_id: str, clock: _Clock) -> None:
        self._key = key
        self._project_id = project_id
        self._clock = clock

    async def signed(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Add the signature to the request."""
        sign(request, self._key, self._project_id, self._clock())
        yield request

    def __repr__(self) -> str:
        return "KeyAuth(...)"


class Lent(msgspec.Struct, frozen=True):
    """Hold what a lender gave: how it signs a request, and when it ends (ns since 1970 UTC)."""

    sign: Callable[[Request], None]
    ends_at: int


class Lender(Protocol):
    """Give something that signs requests for a time: a token, a temporary key."""

    def ask(self) -> Request:
        """Return the request that asks for it."""

    def read(self, response: Response) -> Lent:
        """Return what was given; raise AuthError when it was refused, RetryableError when asking failed."""


class RenewingAuth:
    """Sign requests with what a lender gives: asked for once, shared by all requests in flight.

    It is renewed before it ends, and once when the API answers 401; however many requests are refused together, one
    asks the lender.
    """

    def __init__(self, lender: Lender, clock: _Clock) -> None:
        self._lender = lender
        self._clock = clock
        self._lock = asyncio.Lock()
        self._lent: Lent | None = None
        self._refused: Lent | None = None
        self._failure: ApiError | None = None
        self._failed_at = 0

    async def signed(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Sign the request, asking the lender first where needed; send it once more when it is refused."""
        for _ in range(2):
            async with self._lock:
                if self._is_stale():
                    response = yield self._ask()
                    self._keep(response)
            lent = self._lent
            assert lent is not None  # noqa: S101  `_keep` has set it, or raised
            lent.sign(request)
            response = yield request
            if response.status != 401:
                return
            self._refused = lent

    def _is_stale(self) -> bool:
        lent = self._lent
        ends_soon = lent is not None and self._clock() >= lent.ends_at - RENEW_BEFORE_SECONDS * NANOSECONDS
        return lent is None or lent is self._refused or ends_soon

    def _ask(self) -> Request:
        if self._failure and self._clock() < self._failed_at + _FAILURE_KEPT_SECONDS * NANOSECONDS:
            raise self._failure
        return self._lender.ask()

    def _keep(self, response: Response) -> None:
        try:
            self._lent = self._lender.read(response)
        except ApiError as error:
            self._failure, self._failed_at = error, self._clock()
            raise
        self._failure = None

    def __repr__(self) -> str:
        return "RenewingAuth(...)"


def sign(request: Request, key: AccessKey, project_id: str, now: int) -> None:
    """Put the signature of a request into its headers; the host and the project are signed with it."""
    moment = datetime.fromtimestamp(now // NANOSECONDS, UTC)
    url = request.url
    headers = {"Host": host_of(url), "X-Project-Id": project_id}
    proved = signed_headers(key, request.method, url.raw_path, url.raw_query_string, headers, request.content, moment)
    request.headers.update(proved)


def host_of(url: URL) -> str:
    """Return the Host header of a URL: with its port where that is not the scheme's own."""
    host = url.raw_host or ""
    named = f"[{host}]" if ":" in host else host
    return named if url.is_default_port() else f"{named}:{url.port}"
