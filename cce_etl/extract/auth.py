"""Auth methods: each an `httpx.Auth`, whose flow is a generator of requests; tokens and keys stay in memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime
from typing import Final, Protocol

import httpx
import msgspec

from cce_etl.errors import ApiError
from cce_etl.extract.signing import AccessKey, signed_headers
from cce_etl.timestamps import NANOSECONDS

# A credential is renewed this long before it expires, so that it is still valid when a signed request arrives.
RENEW_BEFORE_SECONDS: Final = 300
# After a failure, requests that waited for a credential fail alike for this long, in place of asking again each.
_FAILURE_KEPT_SECONDS: Final = 1
_Clock = Callable[[], int]
# The type of an auth method, for rooms that do not import httpx.
Auth = httpx.Auth


class TokenAuth(httpx.Auth):
    """Requests with a ready IAM token in the header X-Auth-Token.

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
    """Requests signed with an access key (SDK-HMAC-SHA256); the API allows this clock to be off by 15 minutes."""

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
    """A token or temporary key: how it signs a request, and when it expires (ns since 1970 UTC)."""

    sign: Callable[[httpx.Request], None]
    expires_at: int


class CredentialProvider(Protocol):
    """A service that issues credentials for a time."""

    def build_request(self) -> httpx.Request:
        """Return the request for a credential."""

    def parse_response(self, response: httpx.Response) -> Credential:
        """Return the credential; raise AuthError when it was refused, RetryableError when the service failed."""


class RenewingAuth(httpx.Auth):
    """Requests signed with a provider's credential, which all requests in flight share.

    It is renewed before it expires, and once when the API answers 401. However many requests are refused together, the
    provider is asked once.
    """

    def __init__(self, provider: CredentialProvider, clock: _Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = asyncio.Lock()
        self._credential: Credential | None = None
        self._refused: Credential | None = None
        self._failure: ApiError | None = None
        self._failed_at = 0

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign the request, asking for a credential first where needed; send it once more after a 401."""
        for _ in range(2):
            async with self._lock:
                credential = self._credential
                renew_at = credential.expires_at - RENEW_BEFORE_SECONDS * NANOSECONDS if credential else 0
                if credential is None or credential is self._refused or self._clock() >= renew_at:
                    if self._failure and self._clock() < self._failed_at + _FAILURE_KEPT_SECONDS * NANOSECONDS:
                        raise self._failure
                    response = yield self._provider.build_request()
                    await response.aread()
                    try:
                        self._credential = credential = self._provider.parse_response(response)
                    except ApiError as error:
                        self._failure, self._failed_at = error, self._clock()
                        raise
                    self._failure = None
            credential.sign(request)
            response = yield request
            if response.status_code != 401:
                return
            self._refused = credential

    def __repr__(self) -> str:
        return "RenewingAuth(...)"


def sign(request: httpx.Request, key: AccessKey, project_id: str, now: int) -> None:
    """Put the signature of a request into its headers; the host and the project are signed with it."""
    moment = datetime.fromtimestamp(now // NANOSECONDS, UTC)
    path, _, query = request.url.raw_path.decode().partition("?")
    headers = {"Host": request.url.netloc.decode(), "X-Project-Id": project_id}
    signed = signed_headers(key, request.method, path, query, headers, request.content, moment)
    # One by one, because `update` of four headers takes httpx three times as long.
    for name, value in signed.items():
        request.headers[name] = value
