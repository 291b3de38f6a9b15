"""Simulate a night of many sources on any number of workers, from the measured cost of each part.

A worker waits for its source's rate, for a core and for its turn to write. The module also gives the least time that a
night can take.
"""

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

_Steps = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Source:
    """A source: its jobs of a night, the jobs it answers a second, and the latency of one answer."""

    jobs: int
    rate_per_second: float
    latency_seconds: float = 0.0


@dataclass(frozen=True)
class Costs:
    """What one job, batch, row and step costs, in seconds. All but the waiting of a step are seconds of one core.

    A batch ends at `batch_seconds` or `batch_jobs`, and is written in a turn of its own while the next one comes. The
    files that a source's batches left before it cost it `write_file` each.
    """

    step: float = 0.0
    step_waiting: float = 0.0
    first_step_more: float = 0.0
    fetch_job: float = 0.0
    write_batch: float = 0.0
    write_job: float = 0.0
    write_file: float = 0.0
    batch_seconds: float = 5.0
    batch_jobs: int = 1_000

    def batches(self, source: Source) -> list[int]:
        """Return the jobs of each batch."""
        size = min(self.batch_jobs, max(1, round(source.rate_per_second * self.batch_seconds)))
        return [min(size, source.jobs - begun) for begun in range(0, source.jobs, size)]

    def writing(self, source: Source) -> list[float]:
        """Return how long each batch keeps its turn."""
        sizes = enumerate(self.batches(source))
        return [self.write_batch + before * self.write_file + jobs * self.write_job for before, jobs in sizes]

    def alone(self, source: Source) -> float:
        """Return how long a source takes a worker that waits for no other."""
        batches = self.batches(source)
        coming = [max(jobs / source.rate_per_second, jobs * self.fetch_job) for jobs in batches]
        both = zip([*coming, 0.0], [0.0, *self.writing(source)], strict=True)
        return self.step + self.step_waiting + source.latency_seconds + sum(map(max, both))


def least(sources: Sequence[Source], costs: Costs, workers: int, cores: int) -> dict[str, float]:
    """Return what no order of the work can undercut, in seconds, by what limits it."""
    alone = [costs.alone(source) for source in sources]
    turns = sum(sum(costs.writing(source)) for source in sources)
    fetching = costs.fetch_job * sum(source.jobs for source in sources)
    return {
        "the longest source": max(alone),
        "workers": sum(alone) / workers,
        "cores": (turns + fetching + len(sources) * costs.step) / cores,
        "the write lock": turns,
    }


def longest_first(sources: Iterable[Source], costs: Costs) -> list[Source]:
    """Return the sources with those first that take longest."""
    return sorted(sources, key=costs.alone, reverse=True)


def simulate(sources: Sequence[Source], costs: Costs, workers: int, cores: int) -> float:
    """Return how many seconds the workers take for all sources, taken in their order by whoever is free."""
    night = _Night(simpy.Environment(), sources, costs, cores)
    for number in range(workers):
        # The first one has done the steps before: it has everything imported.
        night.clock.process(night.work(costs.first_step_more if number else 0.0))
    night.clock.run()
    return float(night.clock.now)


class _Night:
    def __init__(self, clock: simpy.Environment, sources: Sequence[Source], costs: Costs, cores: int) -> None:
        self.clock, self.waiting, self.costs = clock, deque(sources), costs
        self.cores, self.turn = simpy.Resource(clock, cores), simpy.Resource(clock)

    def work(self, more_at_first: float) -> _Steps:
        while self.waiting:
            source = self.waiting.popleft()
            yield from self.compute(self.costs.step + more_at_first)
            yield self.clock.timeout(self.costs.step_waiting + source.latency_seconds)
            yield from self.fetch(source)
            more_at_first = 0.0

    def fetch(self, source: Source) -> _Steps:
        written: simpy.Event = self.clock.timeout(0)
        for jobs, writing in zip(self.costs.batches(source), self.costs.writing(source), strict=True):
            pace = self.clock.timeout(jobs / source.rate_per_second)
            read = self.clock.process(self.compute(jobs * self.costs.fetch_job))
            yield pace & read & written
            written = self.clock.process(self.write(writing))
        yield written

    def write(self, seconds: float) -> _Steps:
        with self.turn.request() as turn:
            yield turn
            yield from self.compute(seconds)

    def compute(self, seconds: float) -> _Steps:
        if seconds:
            with self.cores.request() as core:
                yield core
                yield self.clock.timeout(seconds)
