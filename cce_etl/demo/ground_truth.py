"""The truths planted in the synthetic fleet: what an analysis of it must find, and nothing else differs by cohort.

Lives here: cohorts, ratio and rates. Does not: how steps are drawn (`schedule`), which jobs exist (`fleet`).
"""

from dataclasses import dataclass
from typing import Final

from cce_etl.timestamps import NANOSECONDS

DAY_NS: Final = 86_400 * NANOSECONDS

# Keys of extendParam that carry a cohort: on every synthetic root job and on every step that works on a machine.
FLAVOR_KEY: Final = "cluster.flavor"
VERSION_KEY: Final = "cluster.version"
ZONE_KEY: Final = "availability-zone"

SLOW_JOB_TYPE: Final = "InstallMaster"
SLOW_FLAVOR: Final = "cce.s2.large"
SLOW_ZONE: Final = "eu-west-101b"
SLOW_RATIO: Final = 3.0
SLOW_DAYS: Final = 40

FAILING_JOB_TYPE: Final = "InstallNode"
FAILING_VERSION: Final = "v1.27"
RAISED_FAILURE_RATE: Final = 0.25
USUAL_FAILURE_RATE: Final = 0.04


@dataclass(frozen=True, slots=True)
class SlowCohort:
    """State that steps of one type take `duration_ratio` times as long in one flavor and zone, from an instant on."""

    job_type: str
    flavor: str
    zone: str
    since_ns: int
    duration_ratio: float

    def includes(self, job_type: str, flavor: str, zone: str, started_ns: int) -> bool:
        """Tell whether a step that starts then belongs to the slow cohort."""
        is_cohort = (job_type, flavor, zone) == (self.job_type, self.flavor, self.zone)
        return is_cohort and started_ns >= self.since_ns


@dataclass(frozen=True, slots=True)
class FailingCohort:
    """State that steps of one type fail at `failure_rate` on one cluster version, elsewhere at the usual rate."""

    job_type: str
    version: str
    failure_rate: float
    usual_failure_rate: float

    def includes(self, job_type: str, version: str) -> bool:
        """Tell whether a step belongs to the failing cohort."""
        return (job_type, version) == (self.job_type, self.version)


@dataclass(frozen=True, slots=True)
class PlantedTruth:
    """Hold what was planted in a synthetic fleet; rates count attempted steps (Success or Failed) only."""

    slow: SlowCohort
    failing: FailingCohort


def planted_truth(ends_at_ns: int) -> PlantedTruth:
    """Return the truths of a fleet whose history ends at `ends_at_ns`, in nanoseconds since 1970-01-01 UTC."""
    since_ns = ends_at_ns - SLOW_DAYS * DAY_NS
    return PlantedTruth(
        slow=SlowCohort(SLOW_JOB_TYPE, SLOW_FLAVOR, SLOW_ZONE, since_ns, SLOW_RATIO),
        failing=FailingCohort(FAILING_JOB_TYPE, FAILING_VERSION, RAISED_FAILURE_RATE, USUAL_FAILURE_RATE),
    )
