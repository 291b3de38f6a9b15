"""The simulation of one job to its end: when each of its steps starts and ends, and which steps fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from random import Random
from typing import Final

from cce_etl.demo.clusters import Cluster
from cce_etl.demo.failure_reasons import failure_reason
from cce_etl.demo.ground_truth import GroundTruth
from cce_etl.demo.templates import StepTemplate, Target
from cce_etl.timestamps import NANOSECONDS

DURATION_SIGMA: Final = 0.35
# In the documented example a step starts 0.16 ms after the one before it ended.
GAP_MEDIAN_SECONDS: Final = 0.002
GAP_SIGMA: Final = 0.9
GAP_LEAST_NS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """A simulated step; `started_ns` is None when it never starts, `failure` is "" when it succeeds.

    `index` numbers the copies of a template that runs once for each of several targets.
    """

    template: StepTemplate
    index: int
    started_ns: int | None
    ended_ns: int
    failure: str
    children: tuple["Step", ...]


@dataclass(frozen=True, slots=True)
class JobSimulation:
    """What the steps of one job have in common while they are simulated."""

    rng: Random
    cluster: Cluster
    truth: GroundTruth
    clock_resolution_ns: int
    server_ids: dict[Target, tuple[str, ...]]

    def indexes(self, parent: StepTemplate, child: StepTemplate, parent_index: int) -> range:
        """Return the indexes of a child's copies: the parent's own, or one for each target when the targets differ."""
        if child.target is parent.target:
            return range(parent_index, parent_index + 1)
        return range(len(self.server_ids[child.target]))

    def draw_ns(self, median_seconds: float, sigma: float) -> int:
        """Draw a log-normal duration in nanoseconds, a multiple of the clock's resolution."""
        drawn_ns = int(self.rng.lognormvariate(log(median_seconds), sigma) * NANOSECONDS)
        return drawn_ns - drawn_ns % self.clock_resolution_ns

    def draw_gap_ns(self) -> int:
        """Draw the pause between two steps, in nanoseconds."""
        return GAP_LEAST_NS + self.draw_ns(GAP_MEDIAN_SECONDS, GAP_SIGMA)


def simulate_step(job: JobSimulation, template: StepTemplate, index: int, started_ns: int) -> Step:
    """Return a step that starts at an instant, with all steps below it."""
    if not template.children:
        return _simulate_leaf(job, template, index, started_ns)
    children: list[Step] = []
    now_ns, failure = started_ns, ""
    for child in template.children:
        indexes = job.indexes(template, child, index)
        if failure:
            children.extend(_never_started(job, child, child_index) for child_index in indexes)
            continue
        copies = list(_simulate_copies(job, child, indexes, now_ns))
        children.extend(copies)
        now_ns = max(step.ended_ns for step in copies)
        failed = next((step for step in copies if step.failure), None)
        if failed is not None:
            failure = failed.failure if failed.children else f"{child.job_type} failed: {failed.failure}"
    return Step(template, index, started_ns, now_ns + job.draw_gap_ns(), failure, tuple(children))


def _simulate_copies(job: JobSimulation, template: StepTemplate, indexes: range, now_ns: int) -> Iterator[Step]:
    """Simulate the copies of a step, `parallelism` at a time; none starts once another has failed."""
    free_ns = [now_ns] * template.parallelism
    failed_ns: int | None = None
    for index in indexes:
        slot = free_ns.index(min(free_ns))
        if failed_ns is not None and free_ns[slot] >= failed_ns:
            yield _never_started(job, template, index)
            continue
        step = simulate_step(job, template, index, free_ns[slot] + job.draw_gap_ns())
        free_ns[slot] = step.ended_ns
        if step.failure:
            failed_ns = step.ended_ns if failed_ns is None else min(failed_ns, step.ended_ns)
        yield step


def _simulate_leaf(job: JobSimulation, template: StepTemplate, index: int, started_ns: int) -> Step:
    cluster, slow, failing = job.cluster, job.truth.slow, job.truth.failing
    duration_ns = job.draw_ns(template.median_seconds, DURATION_SIGMA)
    if slow.includes(template.job_type, cluster.flavor, cluster.zone, started_ns):
        duration_ns = round(duration_ns * slow.duration_ratio / job.clock_resolution_ns) * job.clock_resolution_ns
    is_failing = failing.includes(template.job_type, cluster.version)
    failure = ""
    if job.rng.random() < (failing.failure_rate if is_failing else template.failure_rate):
        failure = failure_reason(job.rng, template.job_type, job.server_ids[template.target][index])
    return Step(template, index, started_ns, started_ns + duration_ns, failure, ())


def _never_started(job: JobSimulation, template: StepTemplate, index: int) -> Step:
    children = tuple(
        _never_started(job, child, child_index)
        for child in template.children
        for child_index in job.indexes(template, child, index)
    )
    return Step(template, index, None, 0, "", children)
