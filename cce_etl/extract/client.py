"""The client of the API: one job by its id, with the rate limit, the retries and the size limit of a source."""

import asyncio
import random
import time
from array import array
from collections.abc import Callable
from contextlib import aclosing
from typing import Final, Self
from urllib.parse import quote

import aiohttp
import httpx
import msgspec

from cce_etl.errors import ApiError, AuthError, JobGone, PayloadError, RetryableError
from cce_etl.extract.auth import Auth
from cce_etl.extract.error_responses import excerpt, to_error
from cce_etl.extract.rate_limiter import RateLimiter
from cce_etl.extract.response_body import PartialResponse, headers_without_secrets, read_body, read_error_body
from cce_etl.extract.transport import NEVER_PROXIED, open_transports, proxy_for

_HEADERS: Final = httpx.Headers({"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "cce-etl"})
_NO_BODY: Final = httpx.ByteStream(b"")
_LONGEST_BACK_OFF_SECONDS: Final = 30.0
# Throttling says nothing of a job, so an id may be throttled more often than it may fail.
_THROTTLED_TRIES_FACTOR: Final = 3
# The transport does not map all errors of aiohttp to httpx's. UnicodeError: a host that no name can have, and a reason
# phrase that is not UTF-8.
_TRANSPORT_ERRORS: Final = (
    httpx.TransportError,
    httpx.DecodingError,
    httpx.InvalidURL,
    aiohttp.ClientError,
    OSError,
    UnicodeError,
)


class FetchPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of fetching; `rate_limit` is in requests a second, 0 for no ceiling.

    `back_off_seconds` is the longest wait before the second try; it doubles from try to try.
    """

    max_attempts: int = 6
    back_off_seconds: float = 0.5
    timeout_seconds: float = 30.0
    max_body_bytes: int = 32 * 1024 * 1024
    concurrency: int = 32
    rate_limit: float = 50.0


class Fetched(msgspec.Struct, frozen=True):
    """The exact bytes that the API sent for a job, and when they came, in nanoseconds since 1970 UTC."""

    job_id: str
    body: bytes
    fetched_at: int
    attempts: int


class Gone(msgspec.Struct, frozen=True):
    """A job that the API no longer knows."""

    job_id: str
    fetched_at: int
    attempts: int


class Failed(msgspec.Struct, frozen=True):
    """A job that could not be fetched, and why; `is_retryable` when a later run may succeed."""

    job_id: str
    kind: str
    message: str
    fetched_at: int
    attempts: int
    is_retryable: bool
    http_status: int | None = None
    error_code: str | None = None
    body_excerpt: str | None = None


class FetchStatistics(msgspec.Struct):
    """Counts of requests: `retry_count` of tries after the first, `latency_seconds` one for each try."""

    request_count: int = 0
    retry_count: int = 0
    throttled_count: int = 0
    received_bytes: int = 0
    latency_seconds: "array[float]" = msgspec.field(default_factory=lambda: array("d"))

    def latency_quantile(self, share: float) -> float | None:
        """Return the latency that a share of the tries did not exceed, in seconds; None before the first."""
        ordered = sorted(self.latency_seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


class _Tries(msgspec.Struct):
    """How often a URL was requested, and what the last response was."""

    count: int = 0
    received: PartialResponse = msgspec.field(default_factory=PartialResponse)


class Client:
    """Jobs of one project; an async context manager, which owns the connections.

    Source: API page ShowJob, GET /api/v3/projects/{project_id}/jobs/{job_id}. Requests go to AiohttpTransport without
    an httpx client in between (docs/decisions/0003).

    Raises:
        ConfigError: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not the URL of a proxy.
    """

    def __init__(
        self, endpoint: str, project_id: str, auth: Auth, policy: FetchPolicy, clock: Callable[[], int]
    ) -> None:
        self._endpoint = endpoint
        self._jobs_url = f"{endpoint}/api/v3/projects/{project_id}/jobs/"
        self._autopilot_jobs_url = f"{endpoint}/autopilot/v3/projects/{project_id}/jobs/"
        self._policy = policy
        self._clock = clock
        self._auth = auth
        self._proxy = proxy_for(endpoint)
        self.rate_limiter = RateLimiter(policy.rate_limit, time.monotonic)
        self.statistics = FetchStatistics()
        self.autopilot_job_ids: frozenset[str] = frozenset()
        self.concurrency = policy.concurrency

    async def __aenter__(self) -> Self:
        self._direct, self._proxied = open_transports(self._endpoint, self._proxy, self.concurrency)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._direct.aclose()

    async def fetch(self, job_id: str) -> Fetched | Gone | Failed:
        """Request one job until it is there, gone, or its tries are used up.

        Raises:
            AuthError: The credentials were refused.
            ConfigError: The API does not know the URL of the project.
        """
        tries = _Tries()
        jobs_url = self._autopilot_jobs_url if job_id in self.autopilot_job_ids else self._jobs_url
        try:
            body = await self._request(jobs_url + quote(job_id, safe=""), tries)
        except JobGone:
            return Gone(job_id, self._clock(), tries.count)
        except AuthError:
            raise
        except (ApiError, PayloadError) as error:
            received = tries.received
            return Failed(
                job_id,
                error.kind if isinstance(error, PayloadError) else _kind_of(error, received),
                str(error),
                self._clock(),
                tries.count,
                is_retryable=isinstance(error, RetryableError),
                http_status=received.status,
                error_code=error.error_code if isinstance(error, ApiError) else None,
                body_excerpt=excerpt(received.beginning) if received.status else None,
            )
        return Fetched(job_id, body, self._clock(), tries.count)

    async def read(self, path: str) -> bytes:
        """Return the body at another path of the endpoint, with the same rate limit, retries and size limit.

        Args:
            path: The path and query, without a leading slash.

        Raises:
            ApiError, PayloadError, ConfigError: There is no response with status 200.
        """
        return await self._request(f"{self._endpoint}/{path}", _Tries())

    # tenacity takes 0.02 ms for each request, 8% of what this client does, and 80 ms to import.
    async def _request(self, url: str, tries: _Tries) -> bytes:
        while True:
            try:
                return await self._try_once(url, tries)
            except RetryableError as error:
                factor = _THROTTLED_TRIES_FACTOR if error.is_throttle else 1
                if tries.count >= self._policy.max_attempts * factor:
                    raise
                # After throttling, the pause of the rate limiter is the wait. "Retry-After: 0" does not mean at once.
                wait_seconds = (
                    0.0 if error.is_throttle else max(error.retry_after_seconds or 0.0, self._back_off(tries.count))
                )
            await asyncio.sleep(wait_seconds)

    async def _try_once(self, url: str, tries: _Tries) -> bytes:
        await self.rate_limiter.wait_for_turn()
        tries.count += 1
        tries.received = PartialResponse()
        self.statistics.request_count += 1
        self.statistics.retry_count += tries.count > 1
        started = time.perf_counter()
        try:
            body = await self._get(url, tries.received)
        except RetryableError as error:
            if error.is_throttle:
                self.statistics.throttled_count += 1
                self.rate_limiter.on_throttled(error.retry_after_seconds or self._back_off(tries.count))
            raise
        except ApiError:
            self.rate_limiter.on_served()  # an error status, as of a job that is gone, is a request that was served
            raise
        finally:
            self.statistics.latency_seconds.append(time.perf_counter() - started)
        self.rate_limiter.on_served()
        return body

    async def _get(self, url: str, received: PartialResponse) -> bytes:
        seconds, limit = self._policy.timeout_seconds, self._policy.max_body_bytes
        try:
            # One limit spans the whole try: those of the transport cover one read each, so trickled bytes never end it.
            async with asyncio.timeout(seconds), aclosing(await self._send(url)) as response:
                status = received.status = response.status_code
                if status == 200:
                    body = await read_body(response, limit, received)
                    self.statistics.received_bytes += len(body)
                    return body
                body = await read_error_body(response, received)
        except TimeoutError:
            raise RetryableError(f"no complete answer within {seconds:g} seconds", url=url) from None
        except _TRANSPORT_ERRORS as error:
            raise RetryableError(f"the connection failed: {_reason(error)}", url=url) from None
        raise to_error(status, headers_without_secrets(response), body, url)

    async def _send(self, url: str) -> httpx.Response:
        """Return the response to a signed GET request, its body unread; the caller closes it.

        The auth flow may send requests of its own, for a token, and repeat this one.
        """
        # With a stream given, httpx leaves the headers as they are, and aiohttp adds the host.
        request = httpx.Request("GET", url, headers=_HEADERS, stream=_NO_BODY)
        request.read()
        flow = self._auth.async_auth_flow(request)
        try:
            step = await anext(flow)
            while True:
                transport = self._direct if step.url.host in NEVER_PROXIED else self._proxied
                response = await transport.handle_async_request(step)
                if step is request and response.status_code == 200:  # no auth flow repeats a request that succeeded
                    return response
                try:
                    step = await flow.asend(response)
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await response.aclose()
                    raise
                await response.aclose()
        finally:
            await flow.aclose()

    def _back_off(self, tries: int) -> float:
        # Full jitter: uniform between 0 and the growing bound ("Exponential Backoff And Jitter", AWS Architecture
        # Blog, 2015).
        bound = min(self._policy.back_off_seconds * 2.0 ** (tries - 1), _LONGEST_BACK_OFF_SECONDS)
        return random.uniform(0.0, bound)  # noqa: S311  no secret


def _reason(error: Exception) -> str:
    # The transport calls a refused connection ConnectTimeout; aiohttp's own name for it is kept as the cause.
    if isinstance(error.__cause__, aiohttp.ClientError):
        error = error.__cause__
    # aiohttp quotes what it cannot parse, up to a whole body, below a first line of its own.
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        text = f"{error.status} {text}"
    return f"{type(error).__name__} {text.partition(chr(10))[0][:200]}".strip()


def _kind_of(error: ApiError, received: PartialResponse) -> str:
    if isinstance(error, RetryableError):
        broken_off = "incomplete_body" if received.status else "unreachable"
        return "throttled" if error.is_throttle else "unavailable" if error.status else broken_off
    if error.status == 403:
        return "forbidden"
    return "not_found" if error.status == 404 else "unexpected_status"
