"""A synthetic fleet that changes from night to night: the jobs that a night adds, and their bodies at any instant."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from cce_etl.demo.formats import GO_ZERO_TIME, go_time, uuid1

NIGHTS: Final = 30
QUICK_A_NIGHT: Final = 52
LATE_A_NIGHT: Final = 5
SLOW_A_NIGHT: Final = 2
MINUTE_NS: Final = 60 * 10**9
DAY_NS: Final = 1_440 * MINUTE_NS
# 2026-03-01 02:00 UTC, when the first night begins.
FIRST_NIGHT_NS: Final = 1_772_330_400 * 10**9
FORGOTTEN_AFTER_NS: Final = 6 * DAY_NS
FAILED_SHARE: Final = 0.06
SLOW_TYPE: Final = "UpgradeCluster"
# The night on which the API shows a new key, a new job type and a new phase.
DRIFT_NIGHT: Final = 24
NEW_KEY: Final = "progressHint"
NEW_TYPE: Final = "HibernateCluster"
NEW_PHASE: Final = "Paused"
# The steps of a job, one after another, with their shares of its duration; each may have steps that divide its own.
_Steps = dict[str, tuple[float, dict[str, float]]]
_INSTALLING: Final[_Steps] = {
    "CreatePSMCert": (0.1, {}),
    "InstallMaster": (0.5, {"InstallEtcd": 0.4, "InstallApiServer": 0.35, "InstallScheduler": 0.25}),
    "InstallNode": (0.4, {"PullImages": 0.6, "StartKubelet": 0.4}),
}
# Separate step types, because these steps take a day and the others minutes.
_UPGRADING: Final[_Steps] = {
    "PrepareUpgrade": (0.02, {}),
    "ReplaceNodes": (0.96, {}),
    "VerifyUpgrade": (0.02, {}),
}


def night_ns(night: int) -> int:
    """Return when a night begins, in nanoseconds since 1970 UTC; the first is 1."""
    return FIRST_NIGHT_NS + (night - 1) * DAY_NS


@dataclass(frozen=True)
class NightJob:
    """A root job; the API forgets it at `vanishes_ns`, for some jobs before they have ended."""

    job_id: str
    night: int
    job_type: str
    started_ns: int
    ended_ns: int
    vanishes_ns: int
    fails: bool = False
    pauses: bool = False

    def phase(self, seen_ns: int) -> str:
        """Return the phase that the API shows at an instant."""
        if seen_ns < self.ended_ns:
            return NEW_PHASE if self.pauses else "Running"
        return "Failed" if self.fails else "Success"

    def body(self, seen_ns: int) -> dict[str, Any] | None:
        """Return the v3 document at an instant; None once it is forgotten."""
        if seen_ns >= self.vanishes_ns:
            return None
        root = _Node(self, self.job_type, self.started_ns, self.ended_ns, 0)
        return root.document(seen_ns, self.phase(seen_ns), self._steps(seen_ns))

    def _steps(self, seen_ns: int) -> list[dict[str, Any]]:
        kinds = _UPGRADING if self.job_type == SLOW_TYPE else _INSTALLING
        spans = _cut(self.started_ns, self.ended_ns, [share for share, _ in kinds.values()])
        steps, ordinal = [], 1
        for (job_type, (_, inner)), (start, end) in zip(kinds.items(), spans, strict=True):
            children = []
            for child_type, (child_start, child_end) in zip(inner, _cut(start, end, list(inner.values())), strict=True):
                ordinal += 1
                child = _Node(self, child_type, child_start, child_end, ordinal)
                children.append(child.document(seen_ns, child.phase(seen_ns), []))
            ordinal += 1
            step = _Node(self, job_type, start, end, ordinal)
            steps.append(step.document(seen_ns, step.phase(seen_ns), children))
        return steps


@dataclass(frozen=True)
class _Node:
    job: NightJob
    job_type: str
    started_ns: int
    ended_ns: int
    ordinal: int

    @property
    def _is_last(self) -> bool:
        return self.ended_ns >= self.job.ended_ns

    def phase(self, seen_ns: int) -> str:
        if seen_ns < self.started_ns:
            return "Initializing"
        if seen_ns < self.ended_ns:
            return "Running"
        return "Failed" if self.job.fails and self._is_last else "Success"

    def document(self, seen_ns: int, phase: str, children: list[dict[str, Any]]) -> dict[str, Any]:
        created = updated = GO_ZERO_TIME
        if seen_ns >= self.started_ns:
            created, updated = go_time(self.started_ns), go_time(min(seen_ns, self.ended_ns))
        uid = self.job.job_id if self.ordinal == 0 else _uid(self.job.started_ns, self.job.night, self.ordinal)
        reason = f"{self.job_type} failed: no quota" if phase == "Failed" else ""
        cluster = f"cluster-{int(self.job.job_id[:8], 16) % 20:02d}"
        spec = {"type": self.job_type, "clusterUID": cluster, "resourceName": cluster, "subJobs": children}
        drifted = {NEW_KEY: "99"} if self.job.night == DRIFT_NIGHT else {}
        return {
            "kind": "Job",
            "apiVersion": "v3",
            "metadata": {"uid": uid, "creationTimestamp": created, "updateTimestamp": updated},
            "spec": spec if children else {key: value for key, value in spec.items() if key != "subJobs"},
            "status": {"phase": phase, "reason": reason} | drifted,
        }


def jobs_of(night: int, *, may_vanish: bool) -> list[NightJob]:
    """Return the jobs that a night lists for the first time, in order.

    Most have ended. Some are running and end before the next night, some before the night after that. With `may_vanish`
    the API forgets one of them while it runs.
    """
    return [*_drawn(Random(night), night, may_vanish=may_vanish)]


def _drawn(rng: Random, night: int, *, may_vanish: bool) -> Iterator[NightJob]:
    begins = night_ns(night)
    for position in range(QUICK_A_NIGHT):
        started = begins - int(rng.uniform(120, 1_430) * MINUTE_NS)
        is_new = night == DRIFT_NIGHT and position < 3
        kind = NEW_TYPE if is_new else ("CreateCluster", "ScaleupCluster", "CreateNode")[position % 3]
        yield _job(night, kind, started, int(rng.uniform(10, 45) * MINUTE_NS), fails=rng.random() < FAILED_SHARE)
    for position in range(LATE_A_NIGHT):
        started = begins - _since_start_ns(rng)
        pauses = night == DRIFT_NIGHT and position == 0
        yield _job(night, "CreateCluster", started, int(rng.uniform(40, 45) * MINUTE_NS), pauses=pauses)
    if night == 1:  # so that its step types are not new in the second week
        yield _job(night, SLOW_TYPE, begins - 3_000 * MINUTE_NS, 1_915 * MINUTE_NS)
    for _ in range(SLOW_A_NIGHT):
        started = begins - int(rng.uniform(180, 300) * MINUTE_NS)
        yield _job(night, SLOW_TYPE, started, int(rng.uniform(1_900, 1_930) * MINUTE_NS))
    started = begins - _since_start_ns(rng)
    if may_vanish:
        yield _job(night, "ScaleupCluster", started, 40 * MINUTE_NS, vanishes_ns=begins + 20 * MINUTE_NS)


def _since_start_ns(rng: Random) -> int:
    """Draw how long ago a job that is still running started.

    No step is then close to its usual duration of four minutes. On a busy machine, the run sees a step some seconds
    later than the API does, and such a step would be stuck.
    """
    return int(rng.choice((rng.uniform(1, 3), rng.uniform(5, 9))) * MINUTE_NS)


def _job(
    night: int,
    job_type: str,
    started_ns: int,
    duration_ns: int,
    *,
    fails: bool = False,
    pauses: bool = False,
    vanishes_ns: int | None = None,
) -> NightJob:
    ended_ns = started_ns + duration_ns
    vanishes = ended_ns + FORGOTTEN_AFTER_NS if vanishes_ns is None else vanishes_ns
    return NightJob(_uid(started_ns, night, 0), night, job_type, started_ns, ended_ns, vanishes, fails, pauses)


def _uid(started_ns: int, night: int, ordinal: int) -> str:
    return uuid1(started_ns - 10_000 + 100 * ordinal, night, "0255ac100001")


def _cut(start: int, end: int, shares: list[float]) -> list[tuple[int, int]]:
    """Divide a time span by shares that add up to one; the last part ends with the span."""
    if not shares:
        return []
    edges = [start]
    for share in shares[:-1]:
        edges.append(edges[-1] + int((end - start) * share))
    return list(zip(edges, [*edges[1:], end], strict=True))


def nodes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return a job and all jobs below it."""
    yield document
    for child in document["spec"].get("subJobs", []):
        yield from nodes(child)


def json_body(document: dict[str, Any]) -> bytes:
    """Return a document as the bytes of a response."""
    return json.dumps(document).encode()
