"""One synthetic job run to its end: when each step starts and ends, and which fail.

Lives here: the drawing of times and failures. Does not: what of it can be seen at an instant (`body`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from random import Random
from typing import Final

from cce_etl.demo.clusters import Cluster
from cce_etl.demo.reasons import failure_reason
from cce_etl.demo.steps import StepTemplate, Target
from cce_etl.demo.truth import PlantedTruth
from cce_etl.timestamps import NANOSECONDS

DURATION_SIGMA: Final = 0.35
# In the published example a step starts 0.16 ms after the one before it ended.
GAP_MEDIAN_SECONDS: Final = 0.002
GAP_SIGMA: Final = 0.9
GAP_LEAST_NS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """Hold one step as it will have run; `started_ns` is None when it never starts, `failure` "" when it succeeds."""

    template: StepTemplate
    copy: int
    started_ns: int | None
    ended_ns: int
    failure: str
    children: tuple["Step", ...]


@dataclass(frozen=True, slots=True)
class JobRun:
    """Hold what the steps of one job share while they are drawn; `quantum_ns` is the resolution of its host's clock."""

    rng: Random
    cluster: Cluster
    truth: PlantedTruth
    quantum_ns: int
    server_ids: dict[Target, tuple[str, ...]]

    def copies(self, parent: StepTemplate, child: StepTemplate, copy: int) -> range:
        """Return the copies of a child: the parent's own, or one for each target when the targets differ."""
        if child.target is parent.target:
            return range(copy, copy + 1)
        return range(len(self.server_ids[child.target]))

    def draw_ns(self, median_seconds: float, sigma: float) -> int:
        """Draw a log-normal length of time in nanoseconds, in whole ticks of the host's clock."""
        drawn_ns = int(self.rng.lognormvariate(log(median_seconds), sigma) * NANOSECONDS)
        return drawn_ns - drawn_ns % self.quantum_ns

    def gap_ns(self) -> int:
        """Draw the pause between two steps, in nanoseconds."""
        return GAP_LEAST_NS + self.draw_ns(GAP_MEDIAN_SECONDS, GAP_SIGMA)


def run_step(run: JobRun, template: StepTemplate, copy: int, started_ns: int) -> Step:
    """Draw a step that starts at an instant, and all steps below it."""
    if not template.children:
        return _run_leaf(run, template, copy, started_ns)
    children: list[Step] = []
    clock_ns, failure = started_ns, ""
    for child in template.children:
        copies = run.copies(template, child, copy)
        if failure:
            children.extend(_never_started(run, child, number) for number in copies)
            continue
        stage = list(_run_stage(run, child, copies, clock_ns))
        children.extend(stage)
        clock_ns = max(step.ended_ns for step in stage)
        failure = next((_told_upwards(step) for step in stage if step.failure), "")
    return Step(template, copy, started_ns, clock_ns + run.gap_ns(), failure, tuple(children))


def _run_stage(run: JobRun, template: StepTemplate, copies: range, clock_ns: int) -> Iterator[Step]:
    """Draw the copies of one step, each in the lane that is free first; none starts once another has failed."""
    free_ns = [clock_ns] * template.lanes
    failed_ns: int | None = None
    for copy in copies:
        lane = free_ns.index(min(free_ns))
        if failed_ns is not None and free_ns[lane] >= failed_ns:
            yield _never_started(run, template, copy)
            continue
        step = run_step(run, template, copy, free_ns[lane] + run.gap_ns())
        free_ns[lane] = step.ended_ns
        if step.failure:
            failed_ns = step.ended_ns if failed_ns is None else min(failed_ns, step.ended_ns)
        yield step


def _run_leaf(run: JobRun, template: StepTemplate, copy: int, started_ns: int) -> Step:
    cluster, slow, failing = run.cluster, run.truth.slow, run.truth.failing
    duration_ns = run.draw_ns(template.median_seconds, DURATION_SIGMA)
    if slow.includes(template.job_type, cluster.flavor, cluster.zone, started_ns):
        duration_ns = round(duration_ns * slow.duration_ratio / run.quantum_ns) * run.quantum_ns
    is_failing = failing.includes(template.job_type, cluster.version)
    failure_rate = failing.failure_rate if is_failing else template.failure_rate
    failure = ""
    if run.rng.random() < failure_rate:
        failure = failure_reason(run.rng, template.job_type, run.server_ids[template.target][copy])
    return Step(template, copy, started_ns, started_ns + duration_ns, failure, ())


def _never_started(run: JobRun, template: StepTemplate, copy: int) -> Step:
    children = tuple(
        _never_started(run, child, number)
        for child in template.children
        for number in run.copies(template, child, copy)
    )
    return Step(template, copy, None, 0, "", children)


def _told_upwards(step: Step) -> str:
    return step.failure if step.children else f"{step.template.job_type} failed: {step.failure}"
