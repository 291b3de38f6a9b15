"""Everything that can go wrong goes wrong in one run, and every job that can be had is loaded, whole and once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from cce_etl.demo.fleet import build_fleet
from tests.fake_api.fault_plans import (
    at_first,
    for_each_job_at_first,
    for_jobs,
    for_sign_ins_at_first,
    once_after,
    sometimes,
)
from tests.fake_api.faults import (
    delay,
    gzip_bomb,
    html_page,
    length_too_long,
    length_too_short,
    redirect_to,
    reset_within_body,
    server_fault,
    throttle_for,
    throttle_until,
    throttle_with_stated_limit,
    throttle_without_retry_after,
    trickle,
    truncated_body,
    void_tokens,
)
from tests.fake_api.identity import DEMO_DOMAIN, DEMO_PASSWORD, DEMO_USERNAME

if TYPE_CHECKING:
    from tests.integration.faults.conftest import Scene

JOB_COUNT = 2_000
SEED = "all at once"


# IAM's failure is kept for a second: the tries must outlast it.
def _faults(paged: Sequence[str], cut: Sequence[str], bomb: str, moved: str) -> list[Any]:
    return [
        for_sign_ins_at_first(1, server_fault(503)),
        at_first(20, server_fault(503)),
        sometimes(0.05, f"{SEED}/faults", server_fault(500, 502, 503)),
        sometimes(0.005, f"{SEED}/stalls", delay(60.0)),
        sometimes(0.005, f"{SEED}/trickles", trickle(0.02)),
        sometimes(0.01, f"{SEED}/resets", reset_within_body),
        sometimes(0.01, f"{SEED}/long", length_too_long),
        sometimes(0.01, f"{SEED}/short", length_too_short),
        once_after(1_900, throttle_for(0.2)),
        once_after(1_980, throttle_until(1)),
        once_after(2_060, throttle_with_stated_limit(10, "1 second")),
        once_after(2_140, throttle_without_retry_after()),
        once_after(1_000, void_tokens),
        for_jobs(paged, for_each_job_at_first(1, html_page())),
        for_jobs(cut, for_each_job_at_first(1, truncated_body)),
        for_jobs([bomb], gzip_bomb(5_000_000)),
        for_jobs([moved], redirect_to("http://127.0.0.1:9")),
    ]


@pytest.mark.parametrize("back_off_seconds", [0.1])
def test_with_all_faults_at_once_every_reachable_job_is_loaded(serve: Any) -> None:
    fleet = build_fleet(seed=11, job_count=JOB_COUNT, ends_at_ns=1_772_323_200_000_000_000)
    bomb, moved = fleet.job_ids[100], fleet.job_ids[200]
    paged, cut = fleet.job_ids[400:408], fleet.job_ids[500:508]
    changes = {"concurrency": 32, "timeout_seconds": 1.0, "max_body_bytes": 1_000_000, "max_attempts": 9}
    sign_in = {"auth_token": None, "username": DEMO_USERNAME, "password": DEMO_PASSWORD, "domain": DEMO_DOMAIN}
    unreachable = {bomb: ("body_too_large", 200), moved: ("unexpected_status", 302)}
    passing = dict.fromkeys([*paged, *cut], ("invalid_json", 200))
    scene: Scene
    with serve(*_faults(paged, cut, bomb, moved), of=fleet, **changes) as scene:
        sign_in["iam_endpoint"] = scene.settings.endpoint
        first = scene.fetch(**sign_in)
        scene.assert_loaded(but=[*unreachable, *passing])
        letters = {job_id: (kind, status) for job_id, kind, status in scene.letters()}
        assert letters == unreachable | passing
        assert (first.requested, first.fetched, first.failed) == (JOB_COUNT, JOB_COUNT - 18, 18)

        second = scene.fetch(**sign_in)
        scene.assert_loaded(but=list(unreachable))
        assert {job_id for job_id, _, _ in scene.letters()} == set(unreachable)
        assert second.failed == 2
    seen = scene.meter.statuses
    assert {200, 302, 401, 429, 444, 499, 500, 502, 503} <= set(seen)
    assert seen[429] == 4
