"""The client finds a rate limit that it does not know, uses most of it, and rarely exceeds it.

The test is slow: it fetches 1,500 jobs at 70 requests a second. With many more in flight, the first requests alone
would exceed the share of refused ones.
"""

from typing import TYPE_CHECKING, Any

from cce_etl.demo.fleet import build_fleet
from tests.fake_api.fault_plans import beyond_rate
from tests.fake_api.faults import throttle_with_stated_limit

if TYPE_CHECKING:
    from tests.integration.faults.conftest import Scene

# About where other clients of the API saw reads throttled.
LIMIT_PER_SECOND = 70.0


def test_an_unknown_limit_is_used_to_85_percent_with_under_2_percent_refused(serve: Any) -> None:
    fleet = build_fleet(seed=11, job_count=1_500, ends_at_ns=1_772_323_200_000_000_000)
    bucket = beyond_rate(LIMIT_PER_SECOND, 70, throttle_with_stated_limit(70, "1 second"))
    scene: Scene
    with serve(bucket, of=fleet, concurrency=16) as scene:
        assert scene.settings.rate_limit == 0
        assert scene.fetch().fetched == len(fleet)
        scene.assert_loaded()
    assert scene.meter.served_per_second_in_second_half() >= 0.85 * LIMIT_PER_SECOND
    assert 0 < scene.meter.share_of(429) < 0.02
