"""What the models found in each fleet compared with what was planted, and the sums against their targets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.calibration.plans import DAY_NS, FAILING_TYPE, SLOW_TYPE, Plan, Study
from cce_etl.warehouse.connection import Connection

_COHORTS: Final = """
SELECT job_type, measure, rank, list_sort(dimension_values), epoch_ns(since), ratio, ratio_low, ratio_high
FROM marts.step_cohorts ORDER BY job_type, measure, rank
"""
_CHANGES: Final = """
SELECT source, job_type, epoch_ns(changed_at) FROM marts.duration_changes
WHERE is_finding ORDER BY source, job_type, changed_at
"""


@dataclass(frozen=True, slots=True)
class Score:
    """What was found in one fleet.

    Days are from the true date to the found one, None where none was found. `other_finding_count` counts findings for
    which nothing was planted.
    """

    plan: Plan
    is_pair_first: bool
    is_covered: bool
    cohort_days: float | None
    change_days: float | None
    is_failing_found: bool
    other_finding_count: int
    ratio: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was counted, of how many, the target, and whether it is met."""

    name: str
    count: int
    of: int
    target: str
    is_met: bool


def score_fleet(connection: Connection, plan: Plan, seconds: float) -> Score:
    """Return what was found in a fleet."""
    cohorts = connection.execute(_COHORTS).fetchall()
    changes = connection.execute(_CHANGES).fetchall()
    pair = sorted([plan.region, plan.flavor])
    slow = next((row for row in cohorts if row[:3] == (SLOW_TYPE, "duration", 1) and row[3] == pair), None)
    failing = [row for row in cohorts if row[:2] == (FAILING_TYPE, "failure") and row[3] == [plan.version]]
    own = [at - plan.since_ns for source, job_type, at in changes if (source, job_type) == (plan.region, SLOW_TYPE)]
    is_planted = plan.factor > 1
    planted_count = (bool(slow) + bool(failing)) if is_planted else 0
    other_changes = [row for row in changes if not (is_planted and row[:2] == (plan.region, SLOW_TYPE))]
    return Score(
        plan=plan,
        is_pair_first=slow is not None,
        is_covered=slow is not None and slow[6] <= plan.factor <= slow[7],
        cohort_days=None if slow is None or slow[4] is None else (slow[4] - plan.since_ns) / DAY_NS,
        change_days=min(own, key=abs) / DAY_NS if own else None,
        is_failing_found=bool(failing),
        other_finding_count=len(cohorts) - planted_count + len(other_changes),
        ratio=slow[5] if slow else None,
        seconds=seconds,
    )


def summarize(scores: Sequence[Score]) -> Iterator[Line]:
    """Yield each count with its target, which is scaled from 40 fleets to the number of fleets."""
    by_study = {study: [one for one in scores if one.plan.study is study] for study in Study}
    cohorts, dates = by_study[Study.COHORTS], by_study[Study.DATES]
    if cohorts:
        yield _at_least("the slow pair is the first finding", [one.is_pair_first for one in cohorts], 38)
        yield _at_least("its interval covers the factor", [one.is_covered for one in cohorts], 35)
        yield _at_least("the failing cohort is found", [one.is_failing_found for one in cohorts], 38)
        others = [one.other_finding_count > 0 for one in cohorts]
        yield _without_target("fleets with findings beside those planted", others)
    if dates:
        yield _at_least("the pair's date is within two days", [_is_near(one.cohort_days) for one in dates], 36)
        yield _without_target("the whole source's change is a finding", [one.change_days is not None for one in dates])
        yield _without_target("its date is within two days", [_is_near(one.change_days) for one in dates])
        yield _without_target("the slow pair is the first finding", [one.is_pair_first for one in dates])
        yield _without_target("its interval covers the factor", [one.is_covered for one in dates])
    for study in (Study.NOTHING, Study.MESSY):
        if found := [one.other_finding_count > 0 for one in by_study[study]]:
            limit = 2 * len(found) // 40
            yield Line(f"any finding ({study.value})", sum(found), len(found), f"at most {limit}", sum(found) <= limit)


def _is_near(days: float | None) -> bool:
    return days is not None and abs(days) <= 2


def _at_least(name: str, found: list[bool], of_forty: int) -> Line:
    least = -(-of_forty * len(found) // 40)
    return Line(name, sum(found), len(found), f"at least {least}", sum(found) >= least)


def _without_target(name: str, found: list[bool]) -> Line:
    return Line(name, sum(found), len(found), "no target", is_met=True)
