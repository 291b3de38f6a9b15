"""One deployment for all tests here: a synthetic API, PostgreSQL, code server, daemon and webserver on loopback."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.integration.ops.postgres import Postgres, find_programs, free_port, running_postgres
from tests.integration.ops.services import DEPLOY, Service, start, unit_command

_JOBS = 60
_RUNS = "{runsOrError(limit: 5) {... on Runs {results {runId jobName status tags {key value}}}}}"
_ENDED = ("SUCCESS", "FAILURE", "CANCELED")
# The start of the code server, up to a minute until the next tick, a run of half a minute, and a busy machine.
_NIGHT_SECONDS = 150


@dataclass
class Deployment:
    """The services, their folder, and the first nightly run that ended."""

    folder: Path
    port: int
    postgres: Postgres
    environment: dict[str, str]
    secrets: list[str]
    services: dict[str, Service] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)

    def ask(self, query: str) -> Any:
        """Query Dagster's webserver, and return the data of the response."""
        body = json.dumps({"query": query}).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"http://127.0.0.1:{self.port}/graphql", body, headers)
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)["data"]

    def logs(self) -> str:
        """Return the end of each service's output."""
        texts = {name: one.log.read_text(errors="replace")[-3000:] for name, one in self.services.items()}
        return "\n".join(f"--- {name}\n{text}" for name, text in texts.items())


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Start all services, wait until a nightly run has ended, and end all processes afterwards."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb, pg_ctl and pg_dump are needed: apt-get install postgresql")
    pytest.importorskip("dagster_postgres", reason="dagster-postgres is needed: pip install '.[postgres]'")
    folder = tmp_path_factory.mktemp("ops")
    for name in ("run", "home", "data"):
        (folder / name).mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(running_postgres(programs))
        api = _start_api(stack, folder)
        found = Deployment(folder, free_port(), server, _environment(folder, server), [server.password])
        found.secrets.append(api["CCE_AUTH_TOKEN"])
        _start_services(stack, found, api)
        found.run = _first_night(found)
        yield found


def _start_api(stack: ExitStack, folder: Path) -> dict[str, str]:
    """Serve a synthetic fleet, and return the variables that the server prints for its clients."""
    command = [str(Path(sys.executable).parent / "cce-etl"), "demo-server", "--jobs", str(_JOBS), "--port", "0"]
    api = start([*command, "--ids", "ids.txt"], folder, folder / "api.log", {})
    stack.callback(api.kill)
    _wait(lambda: "cce-etl run" in api.log.read_text(), 30, "the synthetic API does not start", api.log.read_text)
    lines = [line.removeprefix("export ") for line in api.log.read_text().splitlines() if line.startswith("export ")]
    return dict(line.split("=", 1) for line in lines)


def _environment(folder: Path, server: Postgres) -> dict[str, str]:
    (folder / "home" / "dagster.yaml").symlink_to(DEPLOY / "container" / "dagster.yaml")
    return {"DAGSTER_HOME": str(folder / "home")} | server.environment


def _start_services(stack: ExitStack, found: Deployment, api: dict[str, str]) -> None:
    """Start the services in the order of the units: the other two when the code server answers."""
    workspace = (DEPLOY / "workspace.yaml").read_text(encoding="utf-8")
    (found.folder / "workspace.yaml").write_text(workspace.replace("/run/cce-etl", str(found.folder / "run")))
    replacements = {
        "/opt/cce-etl/.venv/bin": str(Path(sys.executable).parent),
        "/opt/cce-etl/deploy": str(found.folder),
        "/run/cce-etl": str(found.folder / "run"),
        "--port 3000": f"--port {found.port}",
        "cce_etl.definitions": "tests.integration.ops.every_minute",
    }
    files = {
        "CCE_JOB_IDS": str(found.folder / "ids.txt"),
        "CCE_WAREHOUSE": str(found.folder / "data" / "warehouse.duckdb"),
        "CCE_PUBLISHED": str(found.folder / "data" / "cce_jobs.duckdb"),
    }
    for name, own in (("code", api | files), ("daemon", {}), ("webserver", {})):
        log = found.folder / f"{name}.log"
        service = start(unit_command(name, replacements), found.folder, log, found.environment | own)
        stack.callback(service.kill)
        found.services[name] = service
        _wait((found.folder / "run" / "code.sock").is_socket, 60, "the code server does not answer", found.logs)


def _first_night(found: Deployment) -> dict[str, Any]:
    ended: list[dict[str, Any]] = []

    def look() -> bool:
        dead = [name for name, service in found.services.items() if service.process.poll() is not None]
        if dead:
            pytest.fail(f"{', '.join(dead)} ended unexpectedly:\n{found.logs()}")
        try:
            runs = found.ask(_RUNS)["runsOrError"]["results"]
        except (URLError, ConnectionError):  # the webserver does not listen yet
            return False
        ended.extend(run for run in runs if run["jobName"] == "nightly" and run["status"] in _ENDED)
        return bool(ended)

    _wait(look, _NIGHT_SECONDS, "no nightly run has ended", found.logs)
    return ended[-1]


def _wait(condition: Callable[[], bool], seconds: float, what: str, logs: Callable[[], str]) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail(f"After {seconds:.0f} seconds {what}:\n{logs()}")
        time.sleep(0.5)
