"""When a fault occurs: middlewares that apply a fault to some requests and let all others pass.

A list of them applies several faults at once.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection
from random import Random
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tests.fake_api.identity import SECURITY_KEY_PATH, TOKENS_PATH

_SIGN_IN_PATHS: Final = (TOKENS_PATH, SECURITY_KEY_PATH)


def _when(is_due: Callable[[web.Request], bool], fault: Middleware) -> Middleware:
    async def decide(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await (fault(request, handler) if is_due(request) else handler(request))

    return decide


def _job_id(request: web.Request) -> str | None:
    return request.match_info.get("job_id")


def sometimes(share: float, seed: str, fault: Middleware) -> Middleware:
    """Apply a fault to a share of the requests for jobs.

    Which ones depends on the seed, the job and how often it was requested, and not on the order of the requests.
    """
    requested: Counter[str] = Counter()

    def is_due(request: web.Request) -> bool:
        job_id = _job_id(request)
        if job_id is None:
            return False
        requested[job_id] += 1
        return Random(f"{seed}/{job_id}/{requested[job_id]}").random() < share

    return _when(is_due, fault)


def at_first(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to the first requests for any jobs."""
    return _nth(range(1, request_count + 1), fault)


def once_after(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to one request for a job: the one after this many others."""
    return _nth(range(request_count + 1, request_count + 2), fault)


def from_request(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to every request for a job after the first ones."""
    return _nth(range(request_count + 1, 2**63), fault)


def _nth(numbers: range, fault: Middleware) -> Middleware:
    requested = 0

    def is_due(request: web.Request) -> bool:
        nonlocal requested
        requested += _job_id(request) is not None
        return _job_id(request) is not None and requested in numbers

    return _when(is_due, fault)


def for_jobs(job_ids: Collection[str], fault: Middleware) -> Middleware:
    """Apply a fault to every request for one of these jobs."""
    return _when(lambda request: _job_id(request) in job_ids, fault)


def for_each_job_at_first(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to the first requests for each job."""
    requested: Counter[str] = Counter()

    def is_due(request: web.Request) -> bool:
        job_id = _job_id(request)
        if job_id is not None:
            requested[job_id] += 1
        return job_id is not None and requested[job_id] <= request_count

    return _when(is_due, fault)


def for_sign_ins_at_first(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to the first requests to IAM and to the metadata service."""
    requested = 0

    def is_due(request: web.Request) -> bool:
        nonlocal requested
        requested += request.path in _SIGN_IN_PATHS
        return request.path in _SIGN_IN_PATHS and requested <= request_count

    return _when(is_due, fault)


def beyond_rate(
    rate_per_second: float, burst: int, fault: Middleware, *, now: Callable[[], float] = time.monotonic
) -> Middleware:
    """Apply a fault to every request that finds a token bucket empty; such a request takes no token.

    The bucket holds `burst` tokens at the start and gains `rate_per_second`; `now` returns the time in seconds.
    """
    held, filled_at = float(burst), now()

    def is_due(_request: web.Request) -> bool:
        nonlocal held, filled_at
        seen_at = now()
        held, filled_at = min(burst, held + (seen_at - filled_at) * rate_per_second), seen_at
        if held < 1:
            return True
        held -= 1
        return False

    return _when(is_due, fault)
