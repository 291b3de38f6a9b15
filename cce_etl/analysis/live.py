"""A live job's tree as a person watches it: how long each step has run, against its kind, and what changed. Pure.

Lives here: figures and changes. Does not: fetching (`watch`), the kinds' curves (`survival_curves`), showing (`cli/`).
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from cce_etl.analysis.survival_curves import Curve
from cce_etl.pipeline.watch import Snapshot
from cce_etl.transform.payload import JobRow, Phase

SOON_SECONDS: Final = 600.0
LATER_SECONDS: Final = 1_800.0

FindCurve = Callable[[JobRow], Curve | None]
"""Give the curve of a row's kind, None when nothing is known of it."""


class LiveStep(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one node of a live tree; of a running one `seconds` is its age, of a finished one how long it took.

    `age_percentile` (0..100) and the chances to succeed within 10 and 30 minutes (0..1) are of running ones whose kind
    is known.
    """

    job_id: str
    path: str
    depth: int
    name: str
    phase: str
    reason: str
    is_running: bool
    is_over: bool
    seconds: float | None
    age_percentile: float | None = None
    success_rate_10_minutes: float | None = None
    success_rate_30_minutes: float | None = None
    kind_count: int = 0


class Change(msgspec.Struct, frozen=True):
    """Hold a step that is new, in another phase, or gone from the tree (then `is_gone`)."""

    step: LiveStep
    phase_before: str | None
    is_gone: bool = False


def live_steps(snapshot: Snapshot, find_curve: FindCurve) -> list[LiveStep]:
    """Return every node of a snapshot, parents before children, as the API orders them."""
    return [_watched(row, snapshot.fetched_at, find_curve) for row in snapshot.rows]


def _watched(row: JobRow, fetched_at: int, find_curve: FindCurve) -> LiveStep:
    is_over = row.canonical_phase in (Phase.SUCCESS, Phase.FAILED)
    is_running = not is_over and row.canonical_phase != Phase.INITIALIZING
    ended_at = fetched_at if is_running else (row.completed_at or row.updated_at) if is_over else None
    seconds = None if ended_at is None or row.created_at is None else (ended_at - row.created_at) / 1e9
    step = LiveStep(
        job_id=row.job_id,
        path=row.path,
        depth=row.depth,
        name=row.job_type or "no type sent",
        phase=row.canonical_phase or row.phase or "no phase",
        reason=row.reason or "",
        is_running=is_running,
        is_over=is_over,
        seconds=seconds,
    )
    curve = find_curve(row) if is_running and seconds is not None and seconds >= 0 else None
    return step if curve is None or seconds is None else _held_against(step, curve, seconds)


def _held_against(step: LiveStep, curve: Curve, age_seconds: float) -> LiveStep:
    return msgspec.structs.replace(
        step,
        age_percentile=curve.age_percentile(age_seconds),
        success_rate_10_minutes=curve.success_rate(age_seconds, SOON_SECONDS),
        success_rate_30_minutes=curve.success_rate(age_seconds, LATER_SECONDS),
        kind_count=curve.job_count,
    )


def changes(before: Sequence[LiveStep], after: Sequence[LiveStep]) -> list[Change]:
    """Return what differs between two looks: new steps and phases in the order of the tree, then what is gone."""
    # An id may stand twice in one tree, and a path may be another step's the next time: only both together are one.
    known = {(step.job_id, step.path): step for step in before}
    found = []
    for step in after:
        old = known.pop((step.job_id, step.path), None)
        if old is None or old.phase != step.phase:
            found.append(Change(step, None if old is None else old.phase))
    return found + [Change(step, step.phase, is_gone=True) for step in known.values()]
