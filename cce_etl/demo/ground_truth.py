"""The effects built into the synthetic fleet, which an analysis must find; nothing else depends on a cohort."""

from dataclasses import dataclass
from typing import Final

from cce_etl.timestamps import NANOSECONDS

DAY_NS: Final = 86_400 * NANOSECONDS

# Keys of extendParam that name a cohort: on every synthetic root job and on every step that works on a machine.
FLAVOR_KEY: Final = "cluster.flavor"
VERSION_KEY: Final = "cluster.version"
ZONE_KEY: Final = "availability-zone"

SLOW_JOB_TYPE: Final = "InstallMaster"
SLOW_DAYS: Final = 40
FAILING_JOB_TYPE: Final = "InstallNode"
USUAL_FAILURE_RATE: Final = 0.04


@dataclass(frozen=True, slots=True)
class SlowCohort:
    """Steps of one type in one flavor and zone that take `duration_ratio` times as long from an instant on."""

    job_type: str
    flavor: str
    zone: str
    since_ns: int
    duration_ratio: float

    def includes(self, job_type: str, flavor: str, zone: str, started_ns: int) -> bool:
        """Return whether a step that starts at an instant belongs to the cohort."""
        is_cohort = (job_type, flavor, zone) == (self.job_type, self.flavor, self.zone)
        return is_cohort and started_ns >= self.since_ns


@dataclass(frozen=True, slots=True)
class FailingCohort:
    """Steps of one type on one cluster version that fail at `failure_rate`, and elsewhere at the usual rate."""

    job_type: str
    version: str
    failure_rate: float
    usual_failure_rate: float

    def includes(self, job_type: str, version: str) -> bool:
        """Return whether a step belongs to the cohort."""
        return (job_type, version) == (self.job_type, self.version)


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """The effects of a synthetic fleet; rates count attempted steps only, those that end in Success or Failed."""

    slow: SlowCohort
    failing: FailingCohort


def ground_truth(ends_at_ns: int) -> GroundTruth:
    """Return the effects of a fleet whose history ends at `ends_at_ns`, in nanoseconds since 1970-01-01 UTC."""
    since_ns = ends_at_ns - SLOW_DAYS * DAY_NS
    return GroundTruth(
        slow=SlowCohort(SLOW_JOB_TYPE, "cce.s2.large", "eu-west-101b", since_ns, duration_ratio=3.0),
        failing=FailingCohort(FAILING_JOB_TYPE, "v1.27", failure_rate=0.25, usual_failure_rate=USUAL_FAILURE_RATE),
    )
