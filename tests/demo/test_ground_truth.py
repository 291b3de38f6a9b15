"""The limits of the cohorts in the ground truth."""

import pytest

from cce_etl.demo.ground_truth import ground_truth

DAY_NS = 86_400_000_000_000
TRUTH = ground_truth(100 * DAY_NS)


@pytest.mark.parametrize(
    ("job_type", "flavor", "zone", "started_ns", "is_slow"),
    [
        ("InstallMaster", "cce.s2.large", "eu-west-101b", 60 * DAY_NS, True),
        ("InstallMaster", "cce.s2.large", "eu-west-101b", 60 * DAY_NS - 1, False),
        ("InstallMaster", "cce.s2.large", "eu-west-101a", 70 * DAY_NS, False),
        ("InstallMaster", "cce.s2.small", "eu-west-101b", 70 * DAY_NS, False),
        ("UpgradeMaster", "cce.s2.large", "eu-west-101b", 70 * DAY_NS, False),
    ],
)
def test_slow_is_one_type_in_one_flavor_and_zone_from_forty_days_before_the_end(
    job_type: str, flavor: str, zone: str, started_ns: int, is_slow: bool
) -> None:
    assert TRUTH.slow.includes(job_type, flavor, zone, started_ns) is is_slow


def test_failing_is_one_type_on_one_version() -> None:
    assert TRUTH.failing.includes("InstallNode", "v1.27")
    assert not TRUTH.failing.includes("InstallNode", "v1.28")
    assert not TRUTH.failing.includes("InstallMaster", "v1.27")


def test_the_planted_figures_are_three_times_and_a_quarter_against_four_per_cent() -> None:
    assert TRUTH.slow.duration_ratio == 3.0
    assert (TRUTH.failing.failure_rate, TRUTH.failing.usual_failure_rate) == (0.25, 0.04)
