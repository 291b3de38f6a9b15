"""An analyst who reads the published file again and again, in a process of their own, for a whole month.

Lives here: reading and its account. Does not: expectations (`test_month`).
"""

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
class Account:
    """How often the file was read, by which version, and all that was ever wrong with it."""

    reads: int = 0
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def read_once(path: Path, pause: threading.Event, *, held: bool) -> tuple[str, int]:
    """Open, count, compare with the manifest, close; a file that is held open must stay as it was."""
    with duckdb.connect(path, read_only=True) as connection:
        before = _look(connection)
        if held:
            pause.wait(_HELD_SECONDS)
            assert _look(connection) == before, "a file held open has changed"
    run_id, stated, counted, seconds = before
    assert counted == {table: stated[table] for table in _COUNTED}, f"{counted} is not {stated}"
    assert seconds > 0
    return run_id, counted["marts.root_jobs"]


def _look(connection: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, int], dict[str, int], float]:
    ((run_id, stated),) = connection.execute("SELECT run_id, table_rows FROM manifest").fetchall()
    counted = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in _COUNTED}
    ((seconds,),) = connection.execute("SELECT sum(duration_seconds) FROM marts.steps").fetchall()
    return run_id, stated, counted, seconds


def read_on(path: Path, stop: threading.Event, account: Account) -> None:
    """Read until told to stop; the number of root jobs never falls."""
    roots = 0
    while not stop.wait(_PAUSE_SECONDS):
        account.reads += 1
        try:
            run_id, found = read_once(path, stop, held=account.reads % _HELD_EVERY == 0)
            assert found >= roots, f"{found} root jobs after {roots}"
            roots = found
            if run_id not in account.versions[-1:]:
                account.versions.append(run_id)
        except Exception as error:  # noqa: BLE001  whatever an analyst would meet
            account.failures.append(f"{type(error).__name__}: {error}"[:300])


def main() -> None:
    """Read the file named by the environment until standard input ends, answering lines with the account so far."""
    stop, account = threading.Event(), Account()
    reader = threading.Thread(target=read_on, args=(Path(os.environ["CCE_PUBLISHED"]), stop, account))
    reader.start()
    for _ in sys.stdin:
        answer: dict[str, Any] = asdict(account)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    stop.set()
    reader.join()


if __name__ == "__main__":
    main()
