"""Run each contender in a fresh process, in turns, and take the median of several repeats.

A benchmark module offers `rows(scale) -> Iterator[Row]`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
_LAST_LINES: Final = 15


class Scale(Enum):
    """How large a run of the benchmarks is. Each module has its sizes for every scale."""

    QUICK = "quick"
    STANDARD = "standard"
    LARGE = "large"

    @property
    def repeats(self) -> int:
        """Return how often each contender runs; medians are taken of that."""
        return {Scale.QUICK: 1, Scale.STANDARD: 3, Scale.LARGE: 1}[self]


class ContenderError(Exception):
    """A contender failed. The message ends with the last lines that it wrote."""


@dataclass(frozen=True)
class Contender:
    """A function `(watch, **arguments) -> units done` to run in a process of its own; see `contender.Stopwatch`.

    Arguments are what JSON can hold. The function stands at the top of its module and imports what is heavy itself.
    """

    function: Callable[..., int]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """One run of a contender: the seconds, CPU seconds and units of its measured part.

    CPU seconds are those of all threads and children.
    `peak_bytes` is the largest resident size that the process, or one of its children, had in its life.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    units: int


@dataclass(frozen=True)
class Result:
    """The samples of one contender and their medians."""

    samples: Sequence[Sample]

    @property
    def seconds(self) -> float:
        """Return the median of the wall clock's seconds."""
        return median(sample.seconds for sample in self.samples)

    @property
    def cpu_seconds(self) -> float:
        """Return the median of the CPU seconds."""
        return median(sample.cpu_seconds for sample in self.samples)

    @property
    def peak_bytes(self) -> int:
        """Return the median of the peaks of resident memory."""
        return int(median(sample.peak_bytes for sample in self.samples))

    @property
    def units(self) -> int:
        """Return how many units one run does."""
        return self.samples[0].units

    @property
    def units_per_second(self) -> float:
        """Return the median throughput."""
        return median(sample.units / sample.seconds for sample in self.samples)

    @property
    def cpu_seconds_per_unit(self) -> float:
        """Return the median CPU cost of one unit."""
        return median(sample.cpu_seconds / sample.units for sample in self.samples)

    @property
    def peak_bytes_per_unit(self) -> float:
        """Return the median peak of memory over the units."""
        return median(sample.peak_bytes / sample.units for sample in self.samples)


@dataclass(frozen=True)
class Target:
    """A figure and its limit; `is_ceiling` says which side of the limit is good."""

    words: str
    value: float
    limit: float
    is_ceiling: bool = True

    @property
    def is_met(self) -> bool:
        """Tell whether the figure keeps to its limit."""
        return self.value <= self.limit if self.is_ceiling else self.value >= self.limit


def at_most(words: str, value: float, limit: float) -> Target:
    """Return a target that is met at or below its limit."""
    return Target(words, value, limit)


def at_least(words: str, value: float, limit: float) -> Target:
    """Return a target that is met at or above its limit."""
    return Target(words, value, limit, is_ceiling=False)


class Role(Enum):
    """The role of a contender in its benchmark."""

    OURS = "ours"
    FLOOR = "floor"
    ALTERNATIVE = "alternative"
    SMALLER = "smaller"
    OURS_TOO = "ours too"


@dataclass(frozen=True)
class Row:
    """One line of the table. The rows of one benchmark follow each other, ours first with the targets."""

    benchmark: str
    unit: str
    contender: str
    role: Role
    result: Result
    targets: Sequence[Target] = ()


def compare(contenders: Mapping[str, Contender], repeats: int) -> dict[str, Result]:
    """Run every contender `repeats` times, in turns, so that a noisy moment meets all alike.

    Raises ContenderError when one does not come through.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            samples[name].append(_sample(contender))
    return {name: Result(tuple(taken)) for name, taken in samples.items()}


def _sample(contender: Contender) -> Sample:
    done = subprocess.run(  # noqa: S603  our own functions
        _command(contender.function, contender.arguments),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | contender.environment,
    )
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise ContenderError(f"{contender.function.__name__} ended with code {done.returncode}:\n{said}")
    return Sample(**json.loads(lines[-1]))


@contextmanager
def serving(function: Callable[..., None], arguments: Mapping[str, Any]) -> Iterator[str]:
    """Run `function(announce, **arguments)` in a process whose cost is not counted, and yield what it announces.

    It calls `announce` with one line when it is ready, such as its endpoint, and runs until its process is ended.
    """
    command = _command(function, arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:  # noqa: S603  our own
        try:
            announced = process.stdout.readline().strip() if process.stdout else ""
            if not announced:
                raise ContenderError(f"{function.__name__} ended before it was ready")
            yield announced
        finally:
            process.terminate()


def _command(function: Callable[..., Any], arguments: Mapping[str, Any]) -> list[str]:
    name = f"{function.__module__}:{function.__name__}"
    return [sys.executable, "-m", "benchmarks.contender", name, json.dumps(dict(arguments))]
