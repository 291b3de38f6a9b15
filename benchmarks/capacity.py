"""Print the tables of docs/scale.md: `python -m benchmarks.capacity`.

It holds the measured costs and describes two fleets, one of 200 sources and one of twenty; `simulation` says how long
their nights take.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from benchmarks.simulation import Costs, Source, least, longest_first, simulate
from benchmarks.table import figure, markdown
from benchmarks.workers import JOBS_A_SOURCE, LATENCY_SECONDS, RATE_PER_SECOND

# docs/scale.md says of each where it comes from.
MEASURED: Final = Costs(
    step=0.55,
    step_waiting=0.75,
    first_step_more=2.5,
    fetch_job=0.0003,
    write_batch=0.2,
    write_job=0.0006,
    write_file=0.006,
)
HEADINGS: Final = ("workers", "as configured, hours", "longest source first", "lower bound", "limited by")
_WORKERS: Final = (1, 2, 4, 8, 16, 32)
_SEED: Final = 200
_RATES: Final = (10.0, 20.0, 50.0)


def measured_fleet() -> list[Source]:
    """Return the twenty sources of the benchmark `workers`."""
    return [Source(JOBS_A_SOURCE, RATE_PER_SECOND, LATENCY_SECONDS)] * 20


def synthetic_fleet(sources: int = 200, jobs: int = 1_000_000) -> list[Source]:
    """Return sources of log-normal sizes, about so many jobs in all, each with a rate and a latency of its own."""
    chance = Random(_SEED)  # noqa: S311
    sizes = [chance.lognormvariate(0.0, 1.2) for _ in range(sources)]
    return [
        Source(max(1, round(jobs * size / sum(sizes))), chance.choice(_RATES), chance.uniform(0.05, 0.3))
        for size in sizes
    ]


def lines(fleet: Sequence[Source], costs: Costs, cores: int) -> Iterator[tuple[str, ...]]:
    """Yield a line a number of workers: hours in either order, the least there can be, and what makes it so."""
    for workers in _WORKERS:
        orders = (fleet, longest_first(fleet, costs))
        hours = [simulate(order, costs, workers, cores) / 3_600 for order in orders]
        limits = least(fleet, costs, workers, cores)
        reason = max(limits, key=limits.__getitem__)
        yield (str(workers), *map(figure, [*hours, limits[reason] / 3_600]), reason)


def main() -> None:
    """Print the tables."""
    for workers in (1, 4):
        seconds = simulate(measured_fleet(), MEASURED, workers, 2)
        sys.stdout.write(f"Twenty sources, {workers} on two cores: {figure(seconds)} s\n")
    fleet = synthetic_fleet()
    sys.stdout.write(f"{len(fleet)} sources, {min(s.jobs for s in fleet):,} to {max(s.jobs for s in fleet):,} jobs\n")
    for costs in (MEASURED, replace(MEASURED, batch_seconds=30.0)):
        sys.stdout.write(f"\nEight cores, batches of {figure(costs.batch_seconds)} s:\n\n")
        sys.stdout.write(f"{markdown(HEADINGS, list(lines(fleet, costs, 8)))}\n")


if __name__ == "__main__":
    main()
