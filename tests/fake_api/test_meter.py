"""The counts of a server: requests in flight, statuses, closed connections, and the rate of the second half."""

import asyncio

import httpx
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet
from tests.fake_api.fault_plans import at_first
from tests.fake_api.faults import delay, server_fault
from tests.fake_api.meter import CLIENT_CLOSED, Meter
from tests.fake_api.server import fake_api

JOBS = f"/api/v3/projects/{DEMO_PROJECT_ID}/jobs"
HEADERS = {"X-Auth-Token": DEMO_TOKEN}


def test_responses_are_counted_by_status_and_requests_by_job(small_fleet: Fleet) -> None:
    meter = Meter()
    first, second = small_fleet.job_ids[:2]
    with fake_api(small_fleet, middlewares=[meter, at_first(1, server_fault(503))]) as endpoint:
        for job_id in (first, first, second, "unknown"):
            httpx.get(f"{endpoint}{JOBS}/{job_id}", headers=HEADERS, trust_env=False)
    assert meter.statuses == {503: 1, 200: 2, 404: 1}
    assert meter.requested == {first: 2, second: 1, "unknown": 1}
    assert (meter.request_count, meter.share_of(200), meter.share_of(429)) == (4, 0.5, 0.0)
    assert (meter.in_flight, meter.most_in_flight) == (0, 1)


def test_the_maximum_in_flight_is_counted(small_fleet: Fleet) -> None:
    meter, is_full = Meter(), asyncio.Event()

    async def hold(request: web.Request, handler: Handler) -> web.StreamResponse:
        if meter.in_flight == 5:
            is_full.set()
        await is_full.wait()
        return await handler(request)

    async def ask(endpoint: str) -> None:
        async with httpx.AsyncClient(headers=HEADERS, trust_env=False) as client:
            urls = [f"{endpoint}{JOBS}/{job_id}" for job_id in small_fleet.job_ids[:5]]
            await asyncio.gather(*(client.get(url) for url in urls))

    with fake_api(small_fleet, middlewares=[meter, hold]) as endpoint:
        asyncio.run(ask(endpoint))
    assert (meter.most_in_flight, meter.in_flight, meter.statuses[200]) == (5, 0, 5)


def test_a_request_whose_client_closed_the_connection_is_not_in_flight(small_fleet: Fleet) -> None:
    meter = Meter()
    with fake_api(small_fleet, middlewares=[meter, delay(60.0)]) as endpoint:
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{endpoint}{JOBS}/a", headers=HEADERS, trust_env=False, timeout=0.1)
    assert meter.statuses == {CLIENT_CLOSED: 3}
    assert meter.most_in_flight == 1


def test_the_rate_is_of_the_second_half_and_of_200_alone() -> None:
    meter = Meter()
    # From 10 to 20: after 15 there are three answers 200 in five seconds.
    meter.responses = [(10.0, 200), (14.0, 200), (15.0, 200), (16.0, 200), (17.0, 429), (18.0, 200), (20.0, 200)]
    assert meter.served_per_second_in_second_half() == pytest.approx(0.6)


def test_a_rate_needs_two_responses() -> None:
    meter = Meter()
    assert meter.share_of(200) == 0.0
    meter.responses = [(10.0, 200)]
    with pytest.raises(ValueError, match="two responses"):
        meter.served_per_second_in_second_half()
