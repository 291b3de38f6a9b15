"""When a fault happens: to a share of requests, to the first ones, to some jobs, to signing in, beyond a rate.

Lives here: middlewares that apply another one or let a request pass; lists of them compose. Does not: the faults.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection
from random import Random
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.identity import SECURITY_KEY_PATH, TOKENS_PATH

_SIGN_IN_PATHS: Final = (TOKENS_PATH, SECURITY_KEY_PATH)


def _when(is_due: Callable[[web.Request], bool], fault: Middleware) -> Middleware:
    async def decide(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await (fault(request, handler) if is_due(request) else handler(request))

    return decide


def _job_id(request: web.Request) -> str | None:
    return request.match_info.get("job_id")


def sometimes(share: float, seed: str, fault: Middleware) -> Middleware:
    """Apply a fault to a share of the requests for jobs.

    Which ones follows from seed, job and how often it was asked for, whatever the order in which requests come.
    """
    asked: Counter[str] = Counter()

    def is_due(request: web.Request) -> bool:
        job_id = _job_id(request)
        if job_id is None:
            return False
        asked[job_id] += 1
        return Random(f"{seed}/{job_id}/{asked[job_id]}").random() < share

    return _when(is_due, fault)


def at_first(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to the first requests for jobs, whichever jobs they are."""
    return _nth(range(1, request_count + 1), fault)


def once_after(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to one request for a job: the one that follows this many others."""
    return _nth(range(request_count + 1, request_count + 2), fault)


def from_then_on(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to every request for a job but the first ones."""
    return _nth(range(request_count + 1, 2**63), fault)


def _nth(numbers: range, fault: Middleware) -> Middleware:
    asked = 0

    def is_due(request: web.Request) -> bool:
        nonlocal asked
        asked += _job_id(request) is not None
        return _job_id(request) is not None and asked in numbers

    return _when(is_due, fault)


def for_jobs(job_ids: Collection[str], fault: Middleware) -> Middleware:
    """Apply a fault to every request for one of these jobs."""
    return _when(lambda request: _job_id(request) in job_ids, fault)


def for_each_job_at_first(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to the first requests for each job."""
    asked: Counter[str] = Counter()

    def is_due(request: web.Request) -> bool:
        job_id = _job_id(request)
        if job_id is not None:
            asked[job_id] += 1
        return job_id is not None and asked[job_id] <= request_count

    return _when(is_due, fault)


def for_sign_ins_at_first(request_count: int, fault: Middleware) -> Middleware:
    """Apply a fault to the first requests to IAM and to the metadata service."""
    asked = 0

    def is_due(request: web.Request) -> bool:
        nonlocal asked
        asked += request.path in _SIGN_IN_PATHS
        return request.path in _SIGN_IN_PATHS and asked <= request_count

    return _when(is_due, fault)


def beyond_rate(
    rate_per_second: float, burst: int, fault: Middleware, *, now: Callable[[], float] = time.monotonic
) -> Middleware:
    """Apply a fault to every request that finds a token bucket empty; a request that is refused takes nothing.

    The bucket holds `burst` at the start and gains `rate_per_second`; `now` tells the time in seconds.
    """
    held, filled_at = float(burst), now()

    def is_due(_request: web.Request) -> bool:
        nonlocal held, filled_at
        moment = now()
        held, filled_at = min(burst, held + (moment - filled_at) * rate_per_second), moment
        if held < 1:
            return True
        held -= 1
        return False

    return _when(is_due, fault)
