"""One job from the API, over HTTP: ask, try again when that can help, say how it ended.

Lives here: requests, retries, the size limit of bodies, the counts of a run.
Does not: which ids to ask for (`id_lists`), many at once (`fetch`), what a body means (`job`).
"""

import asyncio
import random
import time
from array import array
from collections.abc import Callable
from contextlib import aclosing
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import aiohttp
import httpx
import msgspec

from cce_etl.errors import ApiError, AuthError, ConfigError, JobGone, PayloadError, RetryableError
from cce_etl.extract.auth import Auth
from cce_etl.extract.error_responses import excerpt, to_error
from cce_etl.extract.rate_limiter import RateLimiter
from cce_etl.extract.response_body import PartialResponse, headers_without_secrets, read_body, read_error_body
from cce_etl.extract.transport import Connections

_LONGEST_BACK_OFF_SECONDS: Final = 30.0
# Throttled tries cost the API little and say nothing of the job, so an id may meet more of them.
_THROTTLED_TRIES_FACTOR: Final = 3
# UnicodeError: a host that no name can have, and a reason phrase in another encoding than UTF-8.
_BROKEN: Final = (
    httpx.TransportError,
    httpx.DecodingError,
    httpx.InvalidURL,
    aiohttp.ClientError,
    OSError,
    UnicodeError,
)


class FetchPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Hold how hard to try; `rate_limit` is in requests a second, 0 means no ceiling.

    `back_off_seconds` is the longest wait before the second try, and doubles from try to try.
    """

    max_attempts: int = 6
    back_off_seconds: float = 0.5
    timeout_seconds: float = 30.0
    max_body_bytes: int = 32 * 1024 * 1024
    concurrency: int = 32
    rate_limit: float = 50.0


class Fetched(msgspec.Struct, frozen=True):
    """Hold the exact bytes the API sent for a job, and when they came, in nanoseconds since 1970 UTC."""

    job_id: str
    body: bytes
    fetched_at: int
    attempts: int


class Gone(msgspec.Struct, frozen=True):
    """Say that the API no longer knows a job."""

    job_id: str
    fetched_at: int
    attempts: int


class Failed(msgspec.Struct, frozen=True):
    """Say why a job could not be fetched; `is_retryable` when a later run may do better."""

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
    """Count what a run asked of the API; `retry_count` are tries after the first, `latency_seconds` one a try."""

    request_count: int = 0
    retry_count: int = 0
    throttled_count: int = 0
    received_bytes: int = 0
    latency_seconds: "array[float]" = msgspec.field(default_factory=lambda: array("d"))

    def latency_quantile(self, share: float) -> float | None:
        """Return the latency that a share of the tries did not exceed, in seconds; None before the first."""
        ordered = sorted(self.latency_seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


class Client:
    """Fetch jobs of one project; use as an async context manager, which owns the connections.

    Source: API page ShowJob, GET /api/v3/projects/{project_id}/jobs/{job_id}.
    """

    def __init__(
        self, endpoint: str, project_id: str, auth: Auth, policy: FetchPolicy, clock: Callable[[], int]
    ) -> None:
        self._endpoint = endpoint
        self._jobs_url = f"{endpoint}/api/v3/projects/{project_id}/jobs/"
        self._autopilot_jobs_url = f"{endpoint}/autopilot/v3/projects/{project_id}/jobs/"
        self._policy = policy
        self._clock = clock
        self._connections = Connections(endpoint, auth, policy.concurrency)
        self.rate_limiter = RateLimiter(policy.rate_limit, time.monotonic)
        self.statistics = FetchStatistics()
        self.autopilot_job_ids: frozenset[str] = frozenset()
        self.concurrency = policy.concurrency

    async def __aenter__(self) -> Self:
        await self._connections.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connections.__aexit__(kind, error, trace)

    async def fetch(self, job_id: str) -> Fetched | Gone | Failed:
        """Ask for one job until it is there, gone, or the tries are spent.

        Raises AuthError and ConfigError, which no other id would escape.
        """
        tries = _Tries()
        jobs_url = self._autopilot_jobs_url if job_id in self.autopilot_job_ids else self._jobs_url
        try:
            body = await self._ask_until_answered(jobs_url + quote(job_id, safe=""), tries)
        except JobGone:
            return Gone(job_id, self._clock(), tries.count)
        except (AuthError, ConfigError):
            raise
        except (ApiError, PayloadError) as error:
            return _failed(job_id, error, self._clock(), tries)
        return Fetched(job_id, body, self._clock(), tries.count)

    async def read(self, path: str) -> bytes:
        """Return the answer to any other question, with the same pace, retries and limits; `path` has no leading slash.

        Raises ApiError, PayloadError and ConfigError when there is no answer 200.
        """
        return await self._ask_until_answered(f"{self._endpoint}/{path}", _Tries())

    async def _ask_until_answered(self, url: str, tries: "_Tries") -> bytes:
        while True:
            try:
                return await self._ask(url, tries)
            except RetryableError as error:
                if tries.count >= self._most_tries(error):
                    raise
                wait_seconds = self._wait_seconds(error, tries.count)
            await asyncio.sleep(wait_seconds)

    async def _ask(self, url: str, tries: "_Tries") -> bytes:
        await self.rate_limiter.wait_for_turn()
        tries.count += 1
        tries.seen = PartialResponse()
        self.statistics.request_count += 1
        self.statistics.retry_count += tries.count > 1
        started = time.perf_counter()
        try:
            body = await self._get(url, tries)
        except RetryableError as error:
            if error.is_throttle:
                self.statistics.throttled_count += 1
                self.rate_limiter.on_throttled(error.retry_after_seconds or self._back_off(tries.count))
            raise
        except ApiError:
            self.rate_limiter.on_served()  # no job, but the API did serve the request: a job that is gone is an answer
            raise
        finally:
            self.statistics.latency_seconds.append(time.perf_counter() - started)
        self.rate_limiter.on_served()
        return body

    async def _get(self, url: str, tries: "_Tries") -> bytes:
        try:
            async with asyncio.timeout(self._policy.timeout_seconds):
                response = await self._connections.get(url)
                async with aclosing(response):
                    status = tries.seen.status = response.status_code
                    limit = self._policy.max_body_bytes
                    body = await (
                        read_body(response, limit, tries.seen)
                        if status == 200
                        else read_error_body(response, tries.seen)
                    )
        except TimeoutError:
            seconds = self._policy.timeout_seconds
            raise RetryableError(f"no complete answer within {seconds:g} seconds", url=url) from None
        except _BROKEN as error:
            raise RetryableError(f"the connection failed: {_reason(error)}", url=url) from None
        if status == 200:
            self.statistics.received_bytes += len(body)
            return body
        raise to_error(status, headers_without_secrets(response), body, url)

    def _most_tries(self, error: RetryableError) -> int:
        return self._policy.max_attempts * (_THROTTLED_TRIES_FACTOR if error.is_throttle else 1)

    def _wait_seconds(self, error: RetryableError, tries: int) -> float:
        if error.is_throttle:
            return 0.0  # the pause that all requests keep is wait enough
        # "Retry-After: 0" is no leave to hammer.
        return max(error.retry_after_seconds or 0.0, self._back_off(tries))

    def _back_off(self, tries: int) -> float:
        # Full jitter: uniform between 0 and the growing bound ("Exponential Backoff And Jitter", AWS Architecture
        # Blog, 2015).
        bound = min(self._policy.back_off_seconds * 2.0 ** (tries - 1), _LONGEST_BACK_OFF_SECONDS)
        return random.uniform(0.0, bound)  # noqa: S311  no secret


class _Tries(msgspec.Struct):
    count: int = 0
    seen: PartialResponse = msgspec.field(default_factory=PartialResponse)


def _reason(error: Exception) -> str:
    # The transport calls a refused connection ConnectTimeout; aiohttp's own name for it is kept as the cause.
    if isinstance(error.__cause__, aiohttp.ClientError):
        error = error.__cause__
    # aiohttp quotes what it cannot parse, up to a whole body, below a first line of its own.
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        said = f"{error.status} {said}"
    return f"{type(error).__name__} {said.partition(chr(10))[0][:200]}".strip()


def _failed(job_id: str, error: ApiError | PayloadError, at: int, tries: _Tries) -> Failed:
    seen = tries.seen
    return Failed(
        job_id,
        error.kind if isinstance(error, PayloadError) else _kind(error, seen),
        str(error),
        at,
        tries.count,
        is_retryable=isinstance(error, RetryableError),
        http_status=seen.status,
        error_code=None if isinstance(error, PayloadError) else error.error_code,
        body_excerpt=excerpt(seen.beginning) if seen.status else None,
    )


def _kind(error: ApiError, seen: PartialResponse) -> str:
    if isinstance(error, RetryableError):
        broken_off = "incomplete_body" if seen.status else "unreachable"
        return "throttled" if error.is_throttle else "unavailable" if error.status else broken_off
    if error.status == 403:
        return "forbidden"
    return "not_found" if error.status == 404 else "unexpected_status"
