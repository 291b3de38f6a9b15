"""How far one job id travels through our code: `python -m benchmarks.calls` runs `cce-etl run --no-build` for one id.

It counts the calls of functions of `cce_etl`, and how often a call goes to another file than the call before it.
"""

import argparse
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final
from unittest.mock import patch

import msgspec

from benchmarks.commands import our_environment
from benchmarks.harness import serving
from benchmarks.job_server import job_ids, serve_small

_PACKAGE: Final = f"{os.sep}cce_etl{os.sep}"
# Python 3.12 runs all but the last of them inside their function.
_COMPREHENSIONS: Final = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")


class Call(msgspec.Struct, frozen=True):
    """A call of one of our functions, or the resumption of a generator or coroutine."""

    file: str
    function: str


def main() -> int:
    """Print the calls of one run by file, and their counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print every call in order")
    arguments = parser.parse_args()
    with one_id_run() as run:
        calls = recorded_calls(run)
    if arguments.list:
        sys.stdout.writelines(f"{call.file} {call.function}\n" for call in calls)
    for file, count in Counter(call.file for call in calls).most_common():
        sys.stdout.write(f"{count:5} {file}\n")
    files = {call.file for call in calls}
    counts = f"{len(calls)} calls in {len(set(calls))} functions of {len(files)} files"
    sys.stdout.write(f"{counts}, {file_changes(calls)} changes of file\n")
    return 0


@contextmanager
def one_id_run() -> Iterator[Callable[[], None]]:
    """Yield a function that runs the command for one id into a new warehouse, against a loopback server.

    All modules are imported already, by a run for another id.
    """
    first, second = job_ids(2)
    with serving(serve_small, {"job_count": 2, "latency_seconds": 0.0}) as endpoint, TemporaryDirectory() as name:
        folder = Path(name)

        import cce_etl.cli  # noqa: F401  adds the commands to the application
        from cce_etl.cli.app import app

        def run(job_id: str) -> None:
            for old in folder.glob("*.duckdb*"):
                old.unlink()
            ids = folder / "ids.txt"
            ids.write_text(f"{job_id}\n", encoding="utf-8")
            environment = our_environment(folder, endpoint)
            del environment["CCE_CONCURRENCY"]  # as many workers as by default
            with patch.dict(os.environ, environment), redirect_stdout(StringIO()):
                app(["run", "--ids", str(ids), "--no-build"], standalone_mode=False)

        run(first)
        yield lambda: run(second)


def recorded_calls(run: Callable[[], object]) -> list[Call]:
    """Return the calls made while `run` runs, in this thread and in those that it starts, in their order."""
    calls: list[Call] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and _PACKAGE in code.co_filename and code.co_name not in _COMPREHENSIONS:
            calls.append(Call(code.co_filename.rpartition(_PACKAGE)[2], code.co_qualname))

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls


def file_changes(calls: list[Call]) -> int:
    """Return how many calls go to another file than the call before them."""
    return sum(before.file != after.file for before, after in pairwise(calls))


if __name__ == "__main__":
    sys.exit(main())
