"""An analyst who reads the published file again and again for a whole month, as a process."""

import json
import os
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

_COUNTED = ("core.jobs", "marts.root_jobs", "marts.steps", "marts.step_durations")
_HELD_EVERY = 25
_PAUSE_SECONDS = 0.15
_HELD_SECONDS = 1.0


@dataclass
class Observations:
    """The number of reads, the versions seen, and everything that was wrong with the file."""

    reads: int = 0
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def read_once(path: Path, pause: threading.Event, *, held: bool) -> tuple[str, int]:
    """Open the file, count its rows, compare them with the manifest, and close it; an open file must not change."""
    with duckdb.connect(path, read_only=True) as connection:
        before = _read(connection)
        if held:
            pause.wait(_HELD_SECONDS)
            assert _read(connection) == before, "a file held open has changed"
    run_id, stated, counted, seconds = before
    assert counted == {table: stated[table] for table in _COUNTED}, f"{counted} is not {stated}"
    assert seconds > 0
    return run_id, counted["marts.root_jobs"]


def _read(connection: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, int], dict[str, int], float]:
    ((run_id, stated),) = connection.execute("SELECT run_id, table_rows FROM manifest").fetchall()
    counted = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in _COUNTED}
    ((seconds,),) = connection.execute("SELECT sum(duration_seconds) FROM marts.steps").fetchall()
    return run_id, stated, counted, seconds


def read_on(path: Path, stop: threading.Event, seen: Observations) -> None:
    """Read until `stop` is set; the number of root jobs must never fall."""
    roots = 0
    while not stop.wait(_PAUSE_SECONDS):
        seen.reads += 1
        try:
            run_id, found = read_once(path, stop, held=seen.reads % _HELD_EVERY == 0)
            assert found >= roots, f"{found} root jobs after {roots}"
            roots = found
            if run_id not in seen.versions[-1:]:
                seen.versions.append(run_id)
        except Exception as error:  # noqa: BLE001  any error that an analyst would see
            seen.failures.append(f"{type(error).__name__}: {error}"[:300])


def main() -> None:
    """Read the file of CCE_PUBLISHED until standard input ends; answer each line with the observations so far."""
    stop, seen = threading.Event(), Observations()
    reader = threading.Thread(target=read_on, args=(Path(os.environ["CCE_PUBLISHED"]), stop, seen))
    reader.start()
    for _ in sys.stdin:
        answer: dict[str, Any] = asdict(seen)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    stop.set()
    reader.join()


if __name__ == "__main__":
    main()
