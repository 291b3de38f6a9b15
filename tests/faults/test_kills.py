"""`kill -9` at twenty random moments, then the same command again: exactly the rows of an undisturbed run.

Lives here: kills while starting, fetching, writing, building, publishing. Does not: signals that can be caught
(`cli/test_app_interruption`).
"""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import duckdb
from aiohttp import web

from cce_etl.demo.fleet import build_fleet
from cce_etl.demo.server import DEMO_PROJECT_ID, DEMO_TOKEN, demo_server

ENDS_AT = 1_782_871_200_000_000_000
JOBS = 300
KILLS = 20
# All but when each was seen, which differs from run to run.
ROWS = "SELECT * EXCLUDE (observed_at) FROM core.jobs ORDER BY ALL"
TWICE = "SELECT source, root_job_id, path FROM core.jobs GROUP BY ALL HAVING count(*) > 1"
FINISHED = "SELECT job_id FROM raw.job_ids WHERE state = 'finished'"
PROGRAM = "from cce_etl.cli import main; main()"


def start(folder: Path, endpoint: str, *options: str) -> "subprocess.Popen[bytes]":
    """Start the whole job, or with options less of it, in a process of its own."""
    environment = {
        "CCE_ENDPOINT": endpoint,
        "CCE_PROJECT_ID": DEMO_PROJECT_ID,
        "CCE_AUTH_TOKEN": DEMO_TOKEN,
        "CCE_RATE_LIMIT": "0",
        "HOME": str(folder),
    }
    command = [sys.executable, "-c", PROGRAM, "run", "--ids", "ids.txt", *options]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def ended_or_killed(process: "subprocess.Popen[bytes]", seconds: float) -> bytes:
    """Wait for a run's end, but kill it after some seconds; return what it said on standard error."""
    try:
        return process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[1]


def test_twenty_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    fleet = build_fleet(11, JOBS, ENDS_AT)
    asked: Counter[str] = Counter()

    @web.middleware
    async def count(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        asked[request.path.rpartition("/")[2]] += 1
        return await handler(request)

    with demo_server(fleet, latency_seconds=0.005, middlewares=[count]) as endpoint:
        quiet, disturbed = tmp_path / "quiet", tmp_path / "disturbed"
        for folder in (quiet, disturbed):
            folder.mkdir()
            (folder / "ids.txt").write_text("\n".join(fleet.job_ids), encoding="utf-8")
        began = time.monotonic()
        process = start(quiet, endpoint)
        process.communicate(timeout=120)
        lasted = time.monotonic() - began

        moments = random.Random(17)
        warehouse, published = disturbed / "data" / "warehouse.duckdb", disturbed / "data" / "cce_jobs.duckdb"
        for run in range(KILLS + 1):
            kept = set(rows(warehouse, FINISHED)) if warehouse.exists() and warehouse.stat().st_size else set()
            asked.clear()
            # Every other one is killed while it fetches and writes, the rest while it builds and publishes, too.
            process = start(disturbed, endpoint, *(["--no-build"] if run % 2 else []))
            moment = moments.uniform(0.1, (0.4 if run % 2 else 0.8) * lasted)
            errors = ended_or_killed(process, moment if run < KILLS else 120)
            assert not kept & {(job_id,) for job_id in asked}  # what is kept is never asked for again
            if published.exists():  # whole at every moment
                assert rows(published, "SELECT count(*) FROM marts.steps")[0][0] > 0
        assert (process.returncode, errors) == (0, b"")

    quiet_warehouse = quiet / "data" / "warehouse.duckdb"
    assert rows(warehouse, TWICE) == []
    assert rows(warehouse, ROWS) == rows(quiet_warehouse, ROWS)
    steps = "SELECT * EXCLUDE (observed_at, elapsed_seconds) FROM marts.steps ORDER BY ALL"
    assert rows(published, steps) == rows(quiet / "data" / "cce_jobs.duckdb", steps)
