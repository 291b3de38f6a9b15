"""An API that throttles in each of its ways: all requests wait, and every job is loaded."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.typedefs import Middleware

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet
from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, FetchPolicy, Gone
from cce_etl.extract.rate_limiter import RateLimiter
from cce_etl.extract.worker_pool import Outcome, fetch_all
from tests.fake_api.fault_plans import beyond_rate, for_jobs, once_after
from tests.fake_api.faults import throttle_for, throttle_until, throttle_with_stated_limit, throttle_without_retry_after
from tests.fake_api.server import fake_api

if TYPE_CHECKING:
    from tests.integration.faults.conftest import Scene


@pytest.mark.parametrize(
    ("fault", "least_wait_seconds"),
    [
        (throttle_for(0.3), 0.3),
        (throttle_for(1), 1.0),
        # A date has whole seconds: two ahead of now, less the fraction.
        (throttle_until(2), 1.0),
        (throttle_with_stated_limit(10, "1 second"), 1.0),
        (throttle_without_retry_after(), 0.0),
    ],
    ids=["fraction of a second", "Retry-After in seconds", "Retry-After as a date", "gateway's text", "not a word"],
)
def test_all_requests_wait_as_long_as_the_api_asks_and_every_job_is_loaded(
    serve: Any, fleet: Fleet, fault: Middleware, least_wait_seconds: float
) -> None:
    scene: Scene
    with serve(once_after(35, fault)) as scene:
        summary = scene.fetch()
        scene.assert_loaded()
        assert (summary.fetched, scene.account("throttled_count")) == (len(fleet), 1)
        assert scene.account("waited_seconds") >= 0.9 * least_wait_seconds
    assert (scene.meter.statuses[429], scene.meter.statuses[200]) == (1, len(fleet))


def test_a_job_that_is_always_throttled_is_a_dead_letter_and_stays_pending(serve: Any, fleet: Fleet) -> None:
    busy = fleet.job_ids[-1]
    scene: Scene
    with serve(for_jobs([busy], throttle_for(0.01))) as scene:
        scene.fetch(max_attempts=2)
        scene.assert_loaded(but=[busy])
        assert scene.letters() == [(busy, "throttled", 429)]
        # Throttled tries say little of a job: there are three times as many.
        assert (scene.states()[busy], scene.meter.requested[busy]) == ("pending", 6)


@pytest.mark.parametrize("rate_limit", [0, 1_000])
def test_the_limit_of_a_strict_bucket_is_found_and_kept(serve: Any, fleet: Fleet, rate_limit: float) -> None:
    scene: Scene
    with serve(beyond_rate(20.0, 10, throttle_for(0.2))) as scene:
        summary = scene.fetch(rate_limit=rate_limit)
        scene.assert_loaded()
        assert summary.failed == 0
    assert scene.meter.statuses[429] > 0
    assert scene.meter.statuses[200] == len(fleet)


def test_responses_for_gone_jobs_count_in_the_measured_rate(fleet: Fleet) -> None:
    outcomes: list[Outcome] = []

    async def receive(outcome: Outcome) -> None:
        outcomes.append(outcome)

    async def fetch(endpoint: str) -> float:
        policy = FetchPolicy(rate_limit=0, concurrency=1)
        async with Client(endpoint, DEMO_PROJECT_ID, TokenAuth(DEMO_TOKEN), policy, time.time_ns) as client:
            await fetch_all(client, [f"forgotten-{number}" for number in range(21)], receive)
            return client.rate_limiter.rate

    with fake_api(fleet, middlewares=[once_after(20, throttle_for(0.1))]) as endpoint:
        rate = asyncio.run(fetch(endpoint))
    assert all(isinstance(outcome, Gone) for outcome in outcomes)
    # Were they no answers, the pace would now be below 1: 85% of the least that counts as served.
    assert rate > 1


def test_a_pause_does_not_lower_the_measured_rate() -> None:
    moment = 0.0
    rate_limiter = RateLimiter(0.0, lambda: moment)
    for _ in range(20):
        rate_limiter.on_served()
    rate_limiter.on_throttled(1.0)
    assert rate_limiter.rate == pytest.approx(17.0)
    moment = 1.5
    rate_limiter.on_served()
    # Too soon after the first decrease for another one, yet a second pause, until 2.6.
    moment = 1.6
    rate_limiter.on_throttled(1.0)
    moment = 2.7
    rate_limiter.on_throttled(1.0)
    # 85% of the pace, not of the nothing that was served while all waited.
    assert rate_limiter.rate == pytest.approx(0.85 * (17.0 + 1 / 17.0))
