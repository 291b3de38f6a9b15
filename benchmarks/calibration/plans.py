"""What is planted in each synthetic fleet: factors, dates and rates, which vary with the seed."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

DAY_NS: Final = 86_400 * 10**9
STARTS_AT_NS: Final = 1_767_225_600 * 10**9  # 2026-01-01 00:00:00 UTC
REGIONS: Final = ("eu-west-0", "eu-west-1", "eu-north-0", "ap-south-0")
FLAVORS: Final = ("cce.s1.small", "cce.s1.medium", "cce.s2.small", "cce.s2.large")
VERSIONS: Final = ("v1.27", "v1.28", "v1.29")
FACTORS: Final = (2.0, 2.5, 3.0, 3.0, 3.0, 4.0)
SLOW_TYPE: Final = "InstallMaster"
FAILING_TYPE: Final = "InstallNode"
USUAL_FAILURE_RATE: Final = 0.04
RAISED_FAILURE_RATE: Final = 0.25


class Study(Enum):
    """The purpose of a fleet."""

    COHORTS = "cohorts"
    DATES = "dates"
    NOTHING = "nothing planted"
    MESSY = "messy, nothing planted"


@dataclass(frozen=True, slots=True)
class Plan:
    """The truth about one fleet; with a `factor` of 1 and equal failure rates nothing is planted."""

    study: Study
    seed: int
    job_count: int
    days: int
    factor: float
    region: str
    flavor: str
    since_ns: int
    version: str
    failure_rate: float


def plan(study: Study, seed: int) -> Plan:
    """Return the plan of a fleet; the same arguments give the same one."""
    generator = np.random.default_rng([seed, list(Study).index(study)])
    is_planted = study in (Study.COHORTS, Study.DATES)
    job_count = {Study.DATES: 20_000, Study.MESSY: 200}.get(study, 6_000)
    since_days = float(generator.uniform(0.3, 0.75)) * 181
    return Plan(
        study=study,
        seed=seed,
        job_count=job_count,
        days=181,
        factor=float(generator.choice(FACTORS)) if is_planted else 1.0,
        region=str(generator.choice(REGIONS)),
        flavor=str(generator.choice(FLAVORS)),
        since_ns=STARTS_AT_NS + int(since_days * DAY_NS),
        version=str(generator.choice(VERSIONS)),
        failure_rate=RAISED_FAILURE_RATE if is_planted else USUAL_FAILURE_RATE,
    )
