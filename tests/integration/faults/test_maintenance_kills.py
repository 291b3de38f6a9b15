"""`kill -9` during a migration, backup, restore or vacuum leaves the old file or the new one, complete."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from cce_etl.warehouse.backup import back_up, backup_path, replaced_path, restore
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.file import FileStorage
from cce_etl.warehouse.files import Contents, read_contents
from cce_etl.warehouse.migrations import SCHEMA_VERSION
from tests.warehouse.test_migrations import make_old

# Runs each statement in a fork, which kills itself before or after it calls a function that is patched for that.
PROGRAM = """
import json, os, signal, sys
from importlib import import_module
from pathlib import Path
import duckdb
from cce_etl.warehouse.backup import back_up, restore
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.file import FileStorage

# The imports of DuckDB's first query take longer than all that a fork does. One thread: a fork would lose others.
with duckdb.connect(config={"threads": 1}) as connection:
    connection.execute("SELECT $1", [1]).fetchall()

def run(statement, module, names, when):
    *owners, name = names.split(".")
    owner = import_module(module)
    for one in owners:
        owner = getattr(owner, one)
    function = getattr(owner, name)

    def die(*values):
        if when == "half":  # half of a copy
            values[1].write_bytes(values[0].read_bytes()[:300_000])
        elif when == "after":
            function(*values)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, die)
    exec(statement, globals() | {"die": die})

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(*json.loads(line))
        os._exit(0)
    os.write(1, b"%d\\n" % os.waitpid(child, 0)[1])
"""
VACUUM = "cce_etl.warehouse.file"
BACKUP, CONNECTION = "cce_etl.warehouse.backup", "cce_etl.warehouse.connection"
Killed = Callable[[str, str, str, str], None]


@pytest.fixture(scope="module")
def killed() -> Iterator[Killed]:
    """Return a function that runs a statement which is killed before, after or during a function that it calls."""
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin
        assert process.stdout
        into, out = process.stdin, process.stdout

        def run(*words: str) -> None:
            into.write(json.dumps(words) + "\n")
            assert os.WTERMSIG(int(out.readline())) == signal.SIGKILL

        yield run
        into.close()


def contents(path: Path) -> dict[str, Contents]:
    with duckdb.connect(path, read_only=True) as connection:
        return read_contents(connection)


def names(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()}


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse with rows and free blocks, and a backup from before its last row."""
    path = tmp_path_factory.mktemp("filled") / "warehouse.duckdb"
    make_old(path, 1)
    with open_warehouse(path) as connection:
        connection.execute("CREATE TABLE marts.bulk AS SELECT md5(range::VARCHAR) AS x FROM range(40_000)")
        connection.execute("CHECKPOINT; DELETE FROM marts.bulk WHERE x > '1'")
    back_up(path, backup_path(path))
    with open_warehouse(path) as connection:
        connection.execute(
            "INSERT INTO raw.job_ids (source, job_id, state, attempts) VALUES ('s', 'new', 'running', 1)"
        )
    return path


@pytest.fixture
def filled(filled_once: Path, tmp_path: Path) -> Path:
    """Return a copy of that warehouse, with its backup beside it."""
    for path in (filled_once, backup_path(filled_once)):
        shutil.copy(path, tmp_path)
    return tmp_path / filled_once.name


@pytest.mark.parametrize(
    ("module", "name", "when", "is_new"),
    [
        (CONNECTION, "migrate_tables", "after", False),  # all statements are done and nothing is committed
        ("builtins", "print", "before", True),  # committed, but only in the write-ahead log
    ],
)
def test_a_killed_migration_leaves_the_old_tables_or_the_new_ones(
    killed: Killed, tmp_path: Path, module: str, name: str, when: str, is_new: bool
) -> None:
    path = tmp_path / "old.duckdb"
    make_old(path, 1)
    before = contents(path)
    killed(f"with open_warehouse(Path({str(path)!r})): print()", module, name, when)
    left = contents(path)
    assert ("raw.model_builds" in left, left["raw.schema_version"] == before["raw.schema_version"]) == (
        is_new,
        not is_new,
    )
    assert left["core.jobs"] == before["core.jobs"]
    with open_warehouse(path) as connection:
        assert connection.execute("FROM raw.schema_version").fetchall() == [(SCHEMA_VERSION,)]
        after = read_contents(connection)
    assert {name: after[name].row_count for name in before} == {name: before[name].row_count for name in before}


@pytest.mark.parametrize(
    ("module", "name", "when", "is_new"),
    [
        (BACKUP, "copy_file", "half", False),
        ("pathlib", "Path.replace", "after", True),
    ],
)
def test_a_killed_backup_leaves_the_one_before_or_the_new_one(
    killed: Killed, filled: Path, module: str, name: str, when: str, is_new: bool
) -> None:
    target = backup_path(filled)
    earlier, current = contents(target), contents(filled)
    killed(f"back_up(Path({str(filled)!r}), Path({str(target)!r}))", module, name, when)
    assert contents(filled) == current
    assert contents(target) == (current if is_new else earlier)
    back_up(filled, target)
    assert contents(target) == current
    assert names(filled) == {filled.name, target.name}


@pytest.mark.parametrize(
    ("module", "name", "when", "is_new"),
    [
        (BACKUP, "copy_file", "half", False),
        (BACKUP, "_keep_replaced", "after", False),
        ("pathlib", "Path.replace", "after", True),
    ],
)
def test_a_killed_restore_leaves_the_warehouse_before_or_the_restored_one(
    killed: Killed, filled: Path, module: str, name: str, when: str, is_new: bool
) -> None:
    target = backup_path(filled)
    restored, current = contents(target), contents(filled)
    killed(f"restore(Path({str(target)!r}), Path({str(filled)!r}))", module, name, when)
    assert contents(filled) == (restored if is_new else current)
    if not is_new:  # the same command succeeds when it is run again
        restore(target, filled)
    assert (contents(filled), contents(replaced_path(filled))) == (restored, current)
    assert names(filled) == {filled.name, target.name, replaced_path(filled).name}


@pytest.mark.parametrize(
    ("module", "name", "when"),
    [
        (VACUUM, "swap_in", "before"),
        ("pathlib", "Path.replace", "after"),
    ],
)
def test_a_killed_vacuum_loses_no_row(killed: Killed, filled: Path, module: str, name: str, when: str) -> None:
    before, size = contents(filled), filled.stat().st_size
    killed(f"FileStorage(Path({str(filled)!r})).vacuum(0, 7)", module, name, when)
    assert contents(filled) == before
    assert (filled.stat().st_size < size) is (module == "pathlib")
    assert FileStorage(filled).vacuum(0, 7) < size
    assert contents(filled) == before
    assert names(filled) == {filled.name, backup_path(filled).name}


def test_a_vacuum_killed_while_it_copies_loses_no_row(killed: Killed, filled: Path) -> None:
    before = contents(filled)
    statement = (
        f"import threading; threading.Timer(0.02, die).start(); FileStorage(Path({str(filled)!r})).vacuum(0, 7); die()"
    )
    killed(statement, "builtins", "print", "before")
    assert contents(filled) == before
    FileStorage(filled).vacuum(0, 7)
    assert names(filled) == {filled.name, backup_path(filled).name}
