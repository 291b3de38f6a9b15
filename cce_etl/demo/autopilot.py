"""The Autopilot part of a synthetic project: a few jobs of its own, under paths of their own.

Lives here: how it follows from the fleet. Does not: new kinds of jobs; it is another small fleet without the example.
"""

from typing import Final

from cce_etl.demo.fleet import Fleet, build_fleet

AUTOPILOT_JOB_COUNT: Final = 6
# Any number will do that keeps the two generators apart for the seeds people type.
_SEED_DISTANCE: Final = 1_000_003


def autopilot_fleet(fleet: Fleet) -> Fleet:
    """Return the fleet whose synthetic jobs are Autopilot's: AUTOPILOT_JOB_COUNT, after the example."""
    return build_fleet(fleet.seed + _SEED_DISTANCE, AUTOPILOT_JOB_COUNT + 1, fleet.ends_at_ns)


def autopilot_job_ids(fleet: Fleet) -> tuple[str, ...]:
    """Return the ids of the Autopilot jobs served beside a fleet, none of which is among its own."""
    return autopilot_fleet(fleet).job_ids[1:]
