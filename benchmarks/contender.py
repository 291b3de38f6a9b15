"""Run one contender or server in this process: `python -m benchmarks.contender MODULE:FUNCTION ARGUMENTS`.

It measures the time and memory of the run and prints them as one line of JSON.
"""

import importlib
import inspect
import json
import resource
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_KIBIBYTE = 1024


class Stopwatch:
    """Measures the seconds and CPU seconds of a `with` block, so that preparation before it is not counted."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    def __enter__(self) -> Self:
        self._started, self._cpu_started = time.perf_counter(), _cpu_seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds += time.perf_counter() - self._started
        self.cpu_seconds += _cpu_seconds() - self._cpu_started


def _cpu_seconds() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _peak_bytes() -> int:
    # Not ru_maxrss of this process: Linux lets it begin with the peak of the process that made it, before exec.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = int(status.partition("VmHWM:")[2].split()[0])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * _KIBIBYTE


def main() -> None:
    """Run the named function. A contender prints its measurements as the last line, a server what it announces."""
    module, _, name = sys.argv[1].partition(":")
    function = getattr(importlib.import_module(module), name)
    arguments = json.loads(sys.argv[2])
    if next(iter(inspect.signature(function).parameters)) == "announce":
        function(_say, **arguments)
        return
    watch = Stopwatch()
    units = function(watch, **arguments)
    measured = {"seconds": watch.seconds, "cpu_seconds": watch.cpu_seconds, "peak_bytes": _peak_bytes(), "units": units}
    _say(json.dumps(measured))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
