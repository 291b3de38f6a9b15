"""Fault plans: how many requests and which ones get a fault, and that it is deterministic."""

from collections.abc import Sequence

import httpx
import pytest
from aiohttp.typedefs import Middleware

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet
from tests.fake_api.fault_plans import (
    at_first,
    beyond_rate,
    for_each_job_at_first,
    for_jobs,
    for_sign_ins_at_first,
    from_request,
    once_after,
    sometimes,
)
from tests.fake_api.faults import server_fault
from tests.fake_api.server import fake_api

JOBS = f"/api/v3/projects/{DEMO_PROJECT_ID}/jobs"
CLUSTERS = f"/api/v3/projects/{DEMO_PROJECT_ID}/clusters"
FAULT = server_fault(503)


def statuses(fleet: Fleet, plan: Middleware, paths: Sequence[str]) -> list[int]:
    headers = {"X-Auth-Token": DEMO_TOKEN}
    with (
        fake_api(fleet, middlewares=[plan]) as endpoint,
        httpx.Client(base_url=endpoint, headers=headers, trust_env=False) as client,
    ):
        return [client.get(path).status_code for path in paths]


def jobs(fleet: Fleet, *positions: int) -> list[str]:
    return [f"{JOBS}/{fleet.job_ids[position]}" for position in positions]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (at_first(2, FAULT), [503, 503, 200, 200, 200]),
        (once_after(2, FAULT), [200, 200, 503, 200, 200]),
        (from_request(2, FAULT), [200, 200, 503, 503, 503]),
        (for_each_job_at_first(1, FAULT), [503, 503, 503, 200, 200]),
        (for_each_job_at_first(2, FAULT), [503, 503, 503, 503, 503]),
    ],
)
def test_a_plan_that_counts_counts_requests_for_jobs(small_fleet: Fleet, plan: Middleware, expected: list[int]) -> None:
    paths = jobs(small_fleet, 1, 2, 3, 1, 2)
    # A list is no job: it is answered and not counted.
    assert statuses(small_fleet, plan, [CLUSTERS, *paths]) == [200, *expected]


def test_a_plan_for_some_jobs_leaves_the_others_alone(small_fleet: Fleet) -> None:
    plan = for_jobs([small_fleet.job_ids[2]], FAULT)
    assert statuses(small_fleet, plan, jobs(small_fleet, 1, 2, 3, 2)) == [200, 503, 200, 503]


def test_a_plan_for_signing_in_leaves_jobs_alone(small_fleet: Fleet) -> None:
    paths = [*jobs(small_fleet, 1), *["/openstack/latest/securitykey"] * 3]
    assert statuses(small_fleet, for_sign_ins_at_first(2, FAULT), paths) == [200, 503, 503, 200]


def test_a_share_of_the_requests_for_jobs_fails_and_no_list(small_fleet: Fleet) -> None:
    positions = range(40)
    seen = statuses(small_fleet, sometimes(0.3, "s", FAULT), jobs(small_fleet, *positions, *positions))
    # Some 24 of 80: six standard deviations are 25.
    assert 0 < seen.count(503) < 49
    assert statuses(small_fleet, sometimes(1.0, "s", FAULT), [CLUSTERS]) == [200]


def test_which_requests_fail_depends_on_seed_and_job_and_not_on_their_order(small_fleet: Fleet) -> None:
    positions = list(range(40))

    def met(seed: str, order: list[int]) -> dict[int, int]:
        seen = statuses(small_fleet, sometimes(0.3, seed, FAULT), jobs(small_fleet, *order))
        return dict(zip(order, seen, strict=True))

    assert met("s", positions) == met("s", positions[::-1])
    assert met("s", positions) != met("another", positions)


def test_a_bucket_allows_its_burst_and_no_more(small_fleet: Fleet) -> None:
    assert statuses(small_fleet, beyond_rate(0.0, 3, FAULT), [CLUSTERS] * 5) == [200, 200, 200, 503, 503]


def test_a_bucket_fills_again_up_to_its_burst(small_fleet: Fleet) -> None:
    # Two tokens a second, two at most; a tenth of a second brings a fifth, six tenths more than one.
    made, *asked = [0.0, 0.0, 0.0, 0.1, 0.6, 0.6, 100.0, 100.0, 100.0]
    moments = iter([made, *asked])
    plan = beyond_rate(2.0, 2, FAULT, now=lambda: next(moments))
    seen = statuses(small_fleet, plan, [CLUSTERS] * len(asked))
    assert seen == [200, 200, 503, 200, 503, 200, 200, 503]
