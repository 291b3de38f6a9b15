"""A deployment on this machine: databases for Dagster and a lake, Redis, Celery workers, and runs."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from cce_etl.defs.jobs import NIGHTLY, all_partitions
from cce_etl.demo.api import DEMO_TOKEN
from cce_etl.settings.location import Location
from cce_etl.settings.settings import read_settings
from tests.integration.ops.postgres import Postgres
from tests.integration.ops.services import DEPLOY, Service, start
from tests.integration.scale.sources import NAMES, Sources

MODULE = "tests.integration.scale.definitions"
RUN_SECONDS = 300
_FETCHED = 'key:"raw/job_payloads" or key:"core/jobs"'


@dataclass
class Deployment:
    """A new lake on the servers that all tests share, and its processes."""

    folder: Path
    environment: dict[str, str]
    workers: list[Service] = field(default_factory=list)

    def start_workers(self, count: int) -> list[Service]:
        """Start workers of one process each, and wait until they are ready."""
        for number in range(len(self.workers), len(self.workers) + count):
            command = [_program("celery"), "--app", "cce_etl.defs.celery_app", "worker"]
            options = [
                "--queues",
                "dagster",
                "--concurrency",
                "1",
                "--loglevel",
                "info",
                "--hostname",
                f"worker-{number}@deployment",
            ]
            log = self.folder / f"worker-{number}.log"
            self.workers.append(start([*command, *options], self.folder, log, self.environment))
        wait(lambda: all(b" ready." in one.log.read_bytes() for one in self.workers), 60, "workers start", self.logs)
        return self.workers

    def night(self, names: Sequence[str] = NAMES) -> Service:
        """Start a run of all partitions or of a range, which sends its steps to the workers."""
        return self._start("job", "execute", "--job", NIGHTLY, "--tags", json.dumps(dict(all_partitions(names))))

    def fetch_alone(self, source: str, *, refetch: bool = False) -> Service:
        """Start a run that fetches one source and builds nothing, as a user may on Dagster's pages."""
        config = json.dumps({"ops": {"fetch": {"config": {"refetch": refetch}}}})
        selection = ("--select", _FETCHED, "--partition", source)
        return self._start("asset", "materialize", *selection, "--config-json", config)

    def lake(self) -> Location:
        """Return the lake's location; reading it needs PGPASSWORD."""
        return read_settings({}, self.environment).warehouse

    def _start(self, *arguments: str) -> Service:
        log = self.folder / f"run-{secrets.token_hex(4)}.log"
        command = [_program("dagster"), *arguments, "--module-name", MODULE]
        return start(command, self.folder, log, self.environment)

    def finish(self, run: Service) -> None:
        """Wait until a run has ended, and fail the test with the logs when the run failed."""
        assert run.process.wait(RUN_SECONDS) == 0, f"{run.log.read_text()[-6000:]}\n{self.logs()}"

    def logs(self) -> str:
        """Return the end of each worker's log."""
        return "\n".join(f"--- {one.log.name}\n{one.log.read_text(errors='replace')[-3000:]}" for one in self.workers)


@contextmanager
def deployment(folder: Path, sources: Sources, postgres: Postgres, broker: str) -> Iterator[Deployment]:
    """Create a new lake and a new Dagster instance, and end all processes afterwards."""
    name = f"lake_{secrets.token_hex(4)}"
    for database in (name, f"{name}_dagster"):
        create_database(postgres, database)
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").symlink_to(DEPLOY / "container" / "dagster.yaml")
    (folder / "cce-etl.toml").write_text(sources.tables, encoding="utf-8")
    environment = postgres.environment | {
        "POSTGRES_DB": f"{name}_dagster",
        "DAGSTER_HOME": str(folder / "home"),
        "FLEET_TOKEN": DEMO_TOKEN,
        "PGPASSWORD": postgres.password,
        "CCE_WAREHOUSE": f"ducklake:postgres:dbname={name} host=127.0.0.1 port={postgres.port} user=dagster",
        "CCE_WAREHOUSE_DATA": str(folder / "lake"),
        "CCE_PUBLISHED": str(folder / "published.duckdb"),
        "CCE_EXECUTOR": "celery",
        "CCE_CELERY_BROKER": broker,
    }
    found = Deployment(folder, environment)
    try:
        yield found
    finally:
        for worker in found.workers:
            worker.kill()


def create_database(postgres: Postgres, name: str) -> None:
    """Create an empty database."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=postgres.port, user="dagster", password=postgres.password, dbname="dagster"
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()


def single_process_run(folder: Path, sources: Sources) -> Path:
    """Run the same nightly run in one process with a DuckDB file, and return the file."""
    (folder / "home").mkdir()
    (folder / "cce-etl.toml").write_text(sources.tables, encoding="utf-8")
    environment = {
        "DAGSTER_HOME": str(folder / "home"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "FLEET_TOKEN": DEMO_TOKEN,
        "CCE_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "CCE_PUBLISHED": str(folder / "published.duckdb"),
    }
    alone = Deployment(folder, environment)
    alone.finish(alone.night())
    return folder / "warehouse.duckdb"


def kill(worker: Service) -> None:
    """Kill all processes of a worker at once, as a crash of its machine does."""
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait(10)


def wait(condition: Callable[[], bool], seconds: float, what: str, logs: Callable[[], str]) -> None:
    """Wait until a condition holds; raise TimeoutError with the logs when it does not."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {seconds:.0f} seconds\n{logs()}")
        time.sleep(0.1)


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def reader(environment: Mapping[str, str], folder: Path) -> "subprocess.Popen[bytes]":
    """Start a process that reads the lake again and again until its standard input ends."""
    with (folder / "reader.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.integration.scale.reader"]
        return subprocess.Popen(
            command, cwd=folder, env=dict(os.environ) | dict(environment), stdin=subprocess.PIPE, stdout=log, stderr=log
        )
