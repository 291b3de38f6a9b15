"""How long jobs of a kind go on, as curves to hold a running one against.

Lives here: reading a kind's curve, what it says of an age. Does not: making curves of steps (marts.step_survival),
which job is looked at (`watched`).
"""

from bisect import bisect_right
from pathlib import Path
from string import Template
from typing import Any, Final

import msgspec

from cce_etl.analysis.explain.literals import literal
from cce_etl.analysis.published import open_published
from cce_etl.errors import CceEtlError

_STEPS: Final = """
    SELECT seconds, at_risk_count, survival, success_incidence
    FROM marts.step_survival
    WHERE source = $source AND job_type = $job_type
    QUALIFY sum(succeeded_count + failed_count) OVER () > 0
    ORDER BY seconds
"""
# Kaplan and Meier (1958) for survival, Aalen and Johansen (1978) for success; running roots are censored at their age.
_ROOTS: Final = """
    WITH seen AS (
        SELECT coalesce(duration_seconds, elapsed_seconds) AS seconds, phase, is_finished
        FROM marts.root_jobs
        WHERE source = $source AND job_type = $job_type AND coalesce(phase, '') != 'Initializing'
    ),
    times AS (
        SELECT
            seconds,
            count(*) AS left_count,
            count(*) FILTER (is_finished) AS ended_count,
            count(*) FILTER (phase = 'Success') AS succeeded_count
        FROM seen
        WHERE seconds >= 0
        GROUP BY seconds
    ),
    at_risk AS (
        SELECT *, sum(left_count) OVER (ORDER BY seconds DESC) AS at_risk_count FROM times
    ),
    kaplan_meier AS (
        SELECT *, product(1 - ended_count / at_risk_count) OVER (ORDER BY seconds) AS survival FROM at_risk
    ),
    steps AS (
        SELECT
            *, succeeded_count / at_risk_count * coalesce(lag(survival) OVER (ORDER BY seconds), 1) AS succeeded
        FROM kaplan_meier
    )
    SELECT seconds, at_risk_count::BIGINT AS at_risk_count, survival,
        sum(succeeded) OVER (ORDER BY seconds) AS success_incidence
    FROM steps
    QUALIFY sum(ended_count) OVER () > 0
    ORDER BY seconds
"""


class Curve(msgspec.Struct, frozen=True):
    """Hold a kind's curve at each time one ended or was last seen running: shares still there, and succeeded, 0..1."""

    seconds: list[float]
    survival: list[float]
    success_incidence: list[float]
    job_count: int

    def age_percentile(self, age_seconds: float) -> float:
        """Return the share of the kind that had ended by an age, 0 to 100."""
        return 100 * (1 - self._at(age_seconds, self.survival, 1.0))

    def success_rate(self, age_seconds: float, within_seconds: float) -> float | None:
        """Return the chance (0..1) that one of an age succeeds within so many seconds; None from the oldest one's on.

        It is at least that where the curve ends earlier: nobody knows what follows. The same as in marts.running_steps.
        """
        if age_seconds >= self.seconds[-1]:
            return None
        still_there = self._at(age_seconds, self.survival, 1.0)
        reached = [self._at(age, self.success_incidence, 0.0) for age in (age_seconds, age_seconds + within_seconds)]
        return min(max((reached[1] - reached[0]) / still_there, 0.0), 1.0)

    def _at(self, seconds: float, values: list[float], before: float) -> float:
        place = bisect_right(self.seconds, seconds)
        return values[place - 1] if place else before


class SurvivalCurves:
    """Read the curves of one source from the published file, each once, when first asked for.

    The file is open only while it is read: a watch lasts long, and a newer one may be published meanwhile.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source
        self._curves: dict[tuple[str, str], Curve | None] = {}

    def missing(self) -> str | None:
        """Say why there is nothing to compare with, None when there is."""
        try:
            with open_published(self._path) as published:
                of_source = f"FROM marts.step_survival WHERE source = {literal(self._source)} LIMIT 1"
                found = published.records(of_source)
        except CceEtlError as error:
            return str(error)
        return None if found else f"{self._path} holds no finished step of the source {self._source}."

    def of_steps(self, job_type: str) -> Curve | None:
        """Return the curve of a step type, None when the file has no finished one of it."""
        return self._curve(_STEPS, job_type)

    def of_roots(self, job_type: str) -> Curve | None:
        """Return the curve of a type of root jobs, None when the file has no finished one of it."""
        return self._curve(_ROOTS, job_type)

    def _curve(self, query: str, job_type: str) -> Curve | None:
        key = (query, job_type)
        if key not in self._curves:
            sql = Template(query).substitute(source=literal(self._source), job_type=literal(job_type))
            with open_published(self._path) as published:
                self._curves[key] = _curve(published.records(sql))
        return self._curves[key]


def _curve(rows: list[dict[str, Any]]) -> Curve | None:
    if not rows:
        return None
    seconds, survival, incidence = (
        [float(row[name]) for row in rows] for name in ("seconds", "survival", "success_incidence")
    )
    return Curve(seconds, survival, incidence, int(rows[0]["at_risk_count"]))
