"""The Autopilot part of a fleet: a few jobs of its own, the same every time."""

from cce_etl.demo.autopilot import AUTOPILOT_JOB_COUNT, autopilot_fleet, autopilot_job_ids
from cce_etl.demo.fleet import Fleet, build_fleet


def test_autopilot_jobs_are_few_and_none_is_among_the_fleets_own(fleet: Fleet) -> None:
    job_ids = autopilot_job_ids(fleet)
    assert len(set(job_ids)) == AUTOPILOT_JOB_COUNT
    assert not set(job_ids) & set(fleet.job_ids)


def test_autopilot_jobs_follow_from_seed_and_end_alone(small_fleet: Fleet) -> None:
    larger = build_fleet(small_fleet.seed, 100, small_fleet.ends_at_ns)
    assert autopilot_job_ids(larger) == autopilot_job_ids(small_fleet)
    other = build_fleet(small_fleet.seed + 1, 40, small_fleet.ends_at_ns)
    assert not set(autopilot_job_ids(other)) & set(autopilot_job_ids(small_fleet))
    assert autopilot_fleet(small_fleet).ends_at_ns == small_fleet.ends_at_ns
