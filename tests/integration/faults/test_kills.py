"""`kill -9` at twenty random moments, and the same command again, give exactly the rows of an undisturbed run."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb
from aiohttp import web
from aiohttp.typedefs import Middleware

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import build_fleet
from tests.fake_api.faults import delay
from tests.fake_api.server import fake_api

ENDS_AT = 1_782_871_200_000_000_000
JOBS = 200
KILLS = 20
# All columns except the time of the last fetch, which differs from run to run.
ROWS = "SELECT * EXCLUDE (observed_at) FROM core.jobs ORDER BY ALL"
TWICE = "SELECT source, root_job_id, path FROM core.jobs GROUP BY ALL HAVING count(*) > 1"
FINISHED = "SELECT job_id FROM raw.job_ids WHERE state = 'finished'"
RUN = ("run", "--ids", "ids.txt")
PROGRAM = "from cce_etl.cli import main; main()"
# A fork runs each command: the imports of a run take 2 CPU seconds, and a kill during them can lose nothing.
# A fork exits at once, because DuckDB's shutdown waits for threads that a fork does not have.
FORKS = """
import json, os, sys
import certifi, httpx_aiohttp, pandas, pyarrow.dataset, ruptures, scipy.stats, tenacity
import cce_etl.cli, cce_etl.pipeline.plan, cce_etl.pipeline.fetch, cce_etl.publish.publish

cce_etl.pipeline.fetch.BATCH_JOBS = 20  # by default one batch holds all jobs
os.write(1, b"ready\\n")
for line in sys.stdin:
    folder, *sys.argv[1:] = json.loads(line)
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        os.chdir(folder)
        try:
            cce_etl.cli.main()
        except SystemExit as end:
            os._exit(end.code)
    os.write(1, b"%d\\n" % child)
    os.write(1, b"%d\\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@dataclass(frozen=True)
class Forks:
    """A process that runs commands in forks of itself, one after another."""

    into: IO[bytes]
    out: IO[bytes]

    def run(self, folder: Path, *arguments: str, seconds: float) -> int:
        """Run a command and kill it after some seconds; return its exit code, or the negative number of the signal."""
        self.into.write(json.dumps([str(folder), *arguments]).encode() + b"\n")
        child = int(self.out.readline())
        if not select.select([self.out], [], [], seconds)[0]:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(child, signal.SIGKILL)
        return int(self.out.readline())


def start(folder: Path, endpoint: str, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start a program in a new process."""
    environment = {
        "CCE_ENDPOINT": endpoint,
        "CCE_PROJECT_ID": DEMO_PROJECT_ID,
        "CCE_AUTH_TOKEN": DEMO_TOKEN,
        "CCE_RATE_LIMIT": "0",
        "HOME": str(folder),
    }
    command = [sys.executable, "-c", program, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, bufsize=0, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)


@contextmanager
def forks(folder: Path, endpoint: str) -> Iterator[Forks]:
    with start(folder, endpoint, FORKS) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield Forks(process.stdin, process.stdout)
        process.stdin.close()


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def kept_in(warehouse: Path) -> set[str]:
    """Return the ids that no further run needs to request; none while the warehouse has no tables."""
    if not warehouse.exists() or not warehouse.stat().st_size:
        return set()
    made = rows(warehouse, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'job_ids'")[0][0]
    return {job_id for (job_id,) in rows(warehouse, FINISHED)} if made else set()


def counting(asked: Counter[str]) -> Middleware:
    """Return a middleware that counts the requests for each job."""

    @web.middleware
    async def count(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        asked[request.path.rpartition("/")[2]] += 1
        return await handler(request)

    return count


@contextmanager
def whole_at_every_moment(folder: Path, asked: Counter[str]) -> Iterator[None]:
    """Check a command that runs in the block: it requests no finished job, and the published file stays readable."""
    kept = kept_in(folder / "data" / "warehouse.duckdb")
    asked.clear()
    yield
    assert not kept & set(asked)
    published = folder / "data" / "cce_jobs.duckdb"
    if published.exists():
        assert rows(published, "SELECT count(*) FROM marts.steps")[0][0] > 0


def test_twenty_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    fleet = build_fleet(11, JOBS, ENDS_AT)
    asked: Counter[str] = Counter()
    quiet, disturbed = tmp_path / "quiet", tmp_path / "disturbed"
    for folder in (quiet, disturbed):
        folder.mkdir()
        (folder / "ids.txt").write_text("\n".join(fleet.job_ids), encoding="utf-8")
    with fake_api(fleet, middlewares=[counting(asked), delay(0.005)]) as endpoint:
        with forks(tmp_path, endpoint) as forked:
            began = time.monotonic()
            assert forked.run(quiet, *RUN, seconds=120) == 0
            lasted = time.monotonic() - began
            moments = random.Random(17)
            for run in range(KILLS):
                # The first half is killed while it fetches and writes, the rest while it builds and publishes, too.
                options, share = (["--no-build"], 0.25) if run < KILLS // 2 else ([], 0.6)
                with whole_at_every_moment(disturbed, asked):
                    forked.run(disturbed, *RUN, *options, seconds=moments.uniform(0.05, share * lasted))
        with whole_at_every_moment(disturbed, asked), start(disturbed, endpoint, PROGRAM, *RUN) as process:
            _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, b"")

    warehouse, quiet_warehouse = (folder / "data" / "warehouse.duckdb" for folder in (disturbed, quiet))
    assert rows(warehouse, TWICE) == []
    assert rows(warehouse, ROWS) == rows(quiet_warehouse, ROWS)
    steps = "SELECT * EXCLUDE (observed_at, elapsed_seconds) FROM marts.steps ORDER BY ALL"
    published, quiet_published = (folder / "data" / "cce_jobs.duckdb" for folder in (disturbed, quiet))
    assert rows(published, steps) == rows(quiet_published, steps)
