"""A live job's tree: how long each step has run compared with finished steps of its type, and what changed."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template
from typing import Any, Final

import msgspec

from cce_etl.analysis.charts import NO_TYPE
from cce_etl.analysis.published import open_published
from cce_etl.errors import CceEtlError
from cce_etl.pipeline.watch import Snapshot
from cce_etl.transform.flatten import JobRow
from cce_etl.transform.payload import TERMINAL_PHASES, Phase
from cce_etl.warehouse.quoting import literal

_STEP_CURVE: Final = """
    SELECT seconds, at_risk_count, survival, success_incidence
    FROM marts.step_survival
    WHERE source = $source AND job_type = $job_type
    QUALIFY sum(succeeded_count + failed_count) OVER () > 0
    ORDER BY seconds
"""
# Kaplan and Meier (1958) for survival, Aalen and Johansen (1978) for success; running roots are censored at their age.
_ROOT_CURVE: Final = """
    WITH times AS (
        SELECT
            coalesce(duration_seconds, elapsed_seconds) AS seconds,
            count(*) AS left_count,
            count(*) FILTER (is_finished) AS ended_count,
            count(*) FILTER (phase = 'Success') AS succeeded_count
        FROM marts.root_jobs
        WHERE source = $source AND job_type = $job_type AND coalesce(phase, '') != 'Initializing' AND seconds >= 0
        GROUP BY seconds
    ),
    at_risk AS (
        SELECT *, sum(left_count) OVER (ORDER BY seconds DESC) AS at_risk_count FROM times
    ),
    kaplan_meier AS (
        SELECT *, product(1 - ended_count / at_risk_count) OVER (ORDER BY seconds) AS survival FROM at_risk
    ),
    successes AS (
        SELECT
            *, succeeded_count / at_risk_count * coalesce(lag(survival) OVER (ORDER BY seconds), 1) AS succeeded
        FROM kaplan_meier
    )
    SELECT seconds, at_risk_count::BIGINT AS at_risk_count, survival,
        sum(succeeded) OVER (ORDER BY seconds) AS success_incidence
    FROM successes
    QUALIFY sum(ended_count) OVER () > 0
    ORDER BY seconds
"""


class Curve(msgspec.Struct, frozen=True):
    """The survival curve of a job type: at each number of seconds the shares (0..1) still running, and succeeded."""

    seconds: list[float]
    survival: list[float]
    success_incidence: list[float]
    job_count: int

    def age_percentile(self, age_seconds: float) -> float:
        """Return the percentage of jobs of the type that had ended by an age, 0 to 100."""
        return 100 * (1 - self._at(age_seconds, self.survival, 1.0))

    def success_rate(self, age_seconds: float, within_seconds: float) -> float | None:
        """Return the probability (0..1) that a job of an age succeeds within so many seconds.

        None at the age of the oldest job seen and beyond. Where the curve ends within the time asked for, the
        probability is a lower bound. marts.running_steps holds the same probability.
        """
        if age_seconds >= self.seconds[-1]:
            return None
        still_running = self._at(age_seconds, self.survival, 1.0)
        now, then = (self._at(age, self.success_incidence, 0.0) for age in (age_seconds, age_seconds + within_seconds))
        return min(max((then - now) / still_running, 0.0), 1.0)

    def _at(self, seconds: float, values: list[float], initial: float) -> float:
        index = bisect_right(self.seconds, seconds)
        return values[index - 1] if index else initial


class SurvivalCurves:
    """The curves of one source in the published file, each read when it is first asked for.

    The file is open only while a curve is read: a watch lasts long, and a newer file may be published meanwhile.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source
        self._curves: dict[tuple[str, str], Curve | None] = {}

    def unavailable_reason(self) -> str | None:
        """Return why the file has no curves of the source, None when it has some."""
        try:
            with open_published(self._path) as published:
                found = published.records(f"FROM marts.step_survival WHERE source = {literal(self._source)} LIMIT 1")
        except CceEtlError as error:
            return str(error)
        return None if found else f"{self._path} holds no finished step of the source {self._source}."

    def of_job(self, row: JobRow) -> Curve | None:
        """Return the curve of the type of a root job or step; None when the file has no finished job of this type."""
        if row.job_type is None:
            return None
        query = _STEP_CURVE if row.depth else _ROOT_CURVE
        key = (query, row.job_type)
        if key not in self._curves:
            sql = Template(query).substitute(source=literal(self._source), job_type=literal(row.job_type))
            with open_published(self._path) as published:
                rows = published.records(sql)
            seconds, survival, incidence = (
                [float(row[name]) for row in rows] for name in ("seconds", "survival", "success_incidence")
            )
            job_count = int(rows[0]["at_risk_count"]) if rows else 0
            self._curves[key] = Curve(seconds, survival, incidence, job_count) if rows else None
        return self._curves[key]


class LiveStep(msgspec.Struct, frozen=True, kw_only=True):
    """One job of a live tree. `seconds` is the age of a running job, and how long a finished one took.

    `age_percentile` (0..100), the probabilities to succeed within 10 and 30 minutes (0..1) and the number of jobs that
    they are computed from belong to running jobs whose type is in the published file.
    """

    job_id: str
    path: str
    depth: int
    name: str
    phase: str
    reason: str
    is_running: bool
    is_finished: bool
    seconds: float | None
    age_percentile: float | None = None
    success_rate_10_minutes: float | None = None
    success_rate_30_minutes: float | None = None
    compared_count: int = 0


class Change(msgspec.Struct, frozen=True):
    """A step that is new, is in another phase, or has left the tree (then `is_gone`)."""

    step: LiveStep
    phase_before: str | None
    is_gone: bool = False


def live_steps(snapshot: Snapshot, find_curve: Callable[[JobRow], Curve | None]) -> list[LiveStep]:
    """Return every job of a snapshot, parents before children, in the API's order.

    `find_curve` returns the curve of a job's type, None when nothing is known of it.
    """
    return [_live_step(row, snapshot.fetched_at, find_curve) for row in snapshot.rows]


def _live_step(row: JobRow, fetched_at: int, find_curve: Callable[[JobRow], Curve | None]) -> LiveStep:
    is_finished = row.canonical_phase in TERMINAL_PHASES
    is_running = not is_finished and row.canonical_phase != Phase.INITIALIZING
    ended_at = fetched_at if is_running else (row.completed_at or row.updated_at) if is_finished else None
    seconds = None if ended_at is None or row.created_at is None else (ended_at - row.created_at) / 1e9
    curve = find_curve(row) if is_running and seconds is not None and seconds >= 0 else None
    compared: dict[str, Any] = {}
    if curve and seconds is not None:
        compared = {
            "age_percentile": curve.age_percentile(seconds),
            "success_rate_10_minutes": curve.success_rate(seconds, 600),
            "success_rate_30_minutes": curve.success_rate(seconds, 1_800),
            "compared_count": curve.job_count,
        }
    return LiveStep(
        job_id=row.job_id,
        path=row.path,
        depth=row.depth,
        name=row.job_type or NO_TYPE,
        phase=row.canonical_phase or row.phase or "no phase",
        reason=row.reason or "",
        is_running=is_running,
        is_finished=is_finished,
        seconds=seconds,
        **compared,
    )


def changes(before: Sequence[LiveStep], after: Sequence[LiveStep]) -> list[Change]:
    """Return what differs between two snapshots: new steps and new phases in tree order, then steps that are gone."""
    # An id may occur twice in one tree, and a path may be another step's the next time: only both identify a step.
    known = {(step.job_id, step.path): step for step in before}
    found = []
    for step in after:
        old = known.pop((step.job_id, step.path), None)
        if old is None or old.phase != step.phase:
            found.append(Change(step, None if old is None else old.phase))
    return found + [Change(step, step.phase, is_gone=True) for step in known.values()]
