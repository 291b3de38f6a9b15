"""What tests of the whole tool share: a scripted API on loopback, and a shell that runs commands.

The shell asserts of every command that it prints no traceback and no token.
"""

import contextlib
import fcntl
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import duckdb
import pytest

from cce_etl.demo.fleet import Fleet, build_fleet
from cce_etl.timestamps import NANOSECONDS
from cce_etl.warehouse.connection import Connection, open_warehouse

if TYPE_CHECKING:
    from aiohttp import web

# 2026-03-01 00:00:00.000000123 UTC: a time with nanoseconds
NOW = 1_772_323_200_000_000_123
PROJECT = "de300000000040008000000000000001"
# The token that the server accepts; no file and no output may contain it.
CANARY_TOKEN = "synthetic-demo-token"
_PROGRAM = "from cce_etl.cli import main; main()"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the tests that mostly wait, and keep tests that share a nightly run in one process."""
    items.sort(key=lambda item: (item.path.parent.name != "faults", "night" not in getattr(item, "fixturenames", ())))


@dataclass(frozen=True)
class Answer:
    """A scripted response, which is sent after `seconds`."""

    body: bytes
    status: int = 200
    seconds: float = 0.0


@dataclass
class Api:
    """A fleet of 24 jobs and scripted responses; `asked` counts the requests for each id."""

    endpoint: str = ""
    fleet_ids: tuple[str, ...] = ()
    seconds: float = 0.0
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def reset(self) -> None:
        """Delete all scripted responses and counts."""
        self.seconds = 0.0
        self.answers.clear()
        self.asked.clear()

    async def answer(
        self, request: "web.Request", handler: "Callable[[web.Request], Awaitable[web.StreamResponse]]"
    ) -> "web.StreamResponse":
        """Respond as scripted, otherwise as the fleet does."""
        import asyncio

        from aiohttp import web

        job_id = request.path.rpartition("/")[2]
        self.asked[job_id] += 1
        scripted = self.answers.get(job_id)
        await asyncio.sleep(scripted.seconds if scripted else self.seconds)
        if scripted is None:
            return await handler(request)
        return web.Response(body=scripted.body, status=scripted.status, content_type="application/json")


@dataclass(frozen=True)
class Ran:
    """The exit code of a command, and its output."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the JSON value on standard output."""
        return json.loads(self.out)


class Shell:
    """A folder and an environment; calling it runs `cce-etl` there."""

    def __init__(self, folder: Path, endpoint: str | None = None) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse.duckdb"
        self.published = folder / "published.duckdb"
        kept = ("PATH", "PYTHONPATH")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment |= {"HOME": str(folder), "CCE_SOURCE": "test"}
        self.environment |= {"CCE_WAREHOUSE": str(self.warehouse), "CCE_PUBLISHED": str(self.published)}
        # A test that locks the warehouse does not wait for it.
        self.environment["CCE_LOCK_WAIT_SECONDS"] = "0"
        if endpoint:
            self.environment |= {"CCE_ENDPOINT": endpoint, "CCE_PROJECT_ID": PROJECT, "CCE_RATE_LIMIT": "0"}
            self.environment["CCE_AUTH_TOKEN"] = CANARY_TOKEN

    def __call__(self, *arguments: str, stdin: bytes = b"", **changes: str | None) -> Ran:
        """Run a command in this process with a changed environment; None removes a variable."""
        environment = {name: value for name, value in (self.environment | changes).items() if value is not None}
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        code = 0
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch.object(sys, "argv", ["cce-etl", *arguments]),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            from cce_etl.cli import main

            try:
                main()
            except SystemExit as stop:
                code = int(stop.code or 0)
        return _sound(code, *(stream.buffer.getvalue() for stream in (out, err)))

    def start(self, *arguments: str, before: str = "") -> "subprocess.Popen[bytes]":
        """Start a command in a new process with piped output; `before` is Python code that runs first."""
        command = [sys.executable, "-c", f"{before}\n{_PROGRAM}", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=pipe, stderr=pipe)

    def ended(self, process: "subprocess.Popen[bytes]") -> Ran:
        """Wait until a started command has ended."""
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        return _sound(process.returncode, out, err)

    def write(self, name: str, content: str | bytes | Sequence[str]) -> str:
        """Write a file in the folder, a sequence as lines, and return its path."""
        lines = content if isinstance(content, str | bytes) else "".join(f"{line}\n" for line in content)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
        return str(path)

    def rows(self, sql: str, path: Path | None = None) -> list[tuple[Any, ...]]:
        """Query the warehouse, or another file, read-only."""
        with duckdb.connect(path or self.warehouse, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def letters(self) -> list[tuple[Any, ...]]:
        """Return job id, kind and HTTP status of every open dead letter, in order."""
        return self.rows(
            "SELECT job_id, kind, http_status FROM raw.dead_letters WHERE resolved_at IS NULL ORDER BY ALL"
        )

    def states(self) -> dict[str, str]:
        """Return the state of every id."""
        return dict(self.rows("SELECT job_id, state FROM raw.job_ids"))


def _sound(code: int, out: bytes, err: bytes) -> Ran:
    ran = Ran(code, out.decode(), err.decode())
    assert "Traceback" not in ran.err, ran.err
    assert CANARY_TOKEN not in ran.out + ran.err
    return ran


@pytest.fixture(scope="session")
def served() -> Iterator[Api]:
    """Serve 24 synthetic jobs, of which the example and the last one are running."""
    from cce_etl.demo.fleet import build_fleet
    from tests.fake_api.server import fake_api

    api = Api()
    fleet = build_fleet(seed=5, job_count=24, ends_at_ns=NOW)
    # aiohttp marks a middleware with an attribute, which a bound method does not take.
    with fake_api(fleet, middlewares=[partial(Api.answer, api)]) as endpoint:
        api.endpoint = endpoint
        api.fleet_ids = fleet.job_ids
        yield api


@pytest.fixture
def api(served: Api) -> Api:
    """Return the API without scripted responses."""
    served.reset()
    return served


@pytest.fixture(scope="session")
def make_shell() -> Callable[[Path, str | None], Shell]:
    """Return a function that makes a shell in a folder, for an endpoint if one is given."""
    return Shell


@pytest.fixture
def shell(tmp_path: Path, api: Api) -> Iterator[Shell]:
    """Return a shell for the scripted API; at the end no file of its folder contains the token."""
    yield Shell(tmp_path, api.endpoint)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY_TOKEN.encode() not in path.read_bytes(), path


@dataclass(frozen=True)
class DemoRun:
    """The output of `cce-etl demo`, and its folder."""

    folder: Path
    out: str

    @property
    def published(self) -> Path:
        """Return the published file of the synthetic fleet."""
        return self.folder / "data" / "demo" / "cce_jobs.duckdb"


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """Return the result of `cce-etl demo`, which the first worker that needs it runs once."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, printed = shared / "demo-run", shared / "demo-run.txt"
    with (shared / "demo-run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            folder.mkdir(exist_ok=True)
            command = [sys.executable, "-c", _PROGRAM, "demo"]
            done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=180)
            printed.write_text(done.stdout, encoding="utf-8")
    return DemoRun(folder, printed.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def script() -> Callable[..., Answer]:
    """Return a function that makes a scripted response of body, status and seconds."""
    return Answer


@pytest.fixture(scope="session")
def job_body() -> Callable[..., bytes]:
    """Return a function that makes a small v3 body with one step."""

    def make(uid: str | None, phase: str = "Success", step_phase: str = "Success", reason: str = "") -> bytes:
        def clocks(start: int, end: int) -> dict[str, str]:
            day = "2026-02-01"
            return {
                "creationTimestamp": f"{day} 08:00:{start:02d}.000000001 +0000 UTC",
                "updateTimestamp": f"{day} 08:00:{end:02d}.000000004 +0000 UTC",
            }

        step = {
            "kind": "Job",
            "metadata": {"uid": f"{uid}-step", **clocks(1, 21)},
            "spec": {"type": "InstallMaster"},
            "status": {"phase": step_phase, "reason": ""},
        }
        document = {
            "kind": "Job",
            "apiVersion": "v3",
            "metadata": ({"uid": uid} if uid else {}) | clocks(0, 31),
            "spec": {"type": "CreateCluster", "resourceName": "first", "subJobs": [step]},
            "status": {"phase": phase, "reason": reason},
        }
        return json.dumps(document).encode()

    return make


@pytest.fixture(scope="session")
def v2_body() -> Callable[..., bytes]:
    """Return a function that makes the v2 body of a job of `job_body`; only v2 bodies have a completion time."""

    def make(uid: str, status: str = "Success", completed: str = "2026-02-01 08:00:30.000000005 +0000 UTC") -> bytes:
        document = {
            "kind": "Job",
            "apiVersion": "v2",
            "metadata": {"uid": uid, "creationTimestamp": "2026-02-01 08:00:00.000000001 +0000 UTC"},
            "spec": {"type": "CreateCluster", "resourcename": "from v2", "subjobs": []},
            "status": {"status": status, "completionTime": completed},
        }
        return json.dumps(document).encode()

    return make


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Return the path of the warehouse of `connection`."""
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def connection(warehouse: Path) -> Iterator[Connection]:
    """Return a new warehouse, open for writing."""
    with open_warehouse(warehouse) as opened:
        yield opened


@pytest.fixture(scope="session")
def small_fleet() -> Fleet:
    """Return a synthetic fleet of 40 jobs, enough to serve."""
    return build_fleet(seed=11, job_count=40, ends_at_ns=1_772_323_200 * NANOSECONDS)
