"""The processes of deploy/ with a real PostgreSQL: a nightly run that the schedule starts, and its results."""

import sys
from ipaddress import IPv4Address
from pathlib import Path
from urllib.request import urlopen

import pytest

from cce_etl.publish.query import open_published, query
from tests.integration.ops.conftest import Deployment
from tests.integration.ops.services import start, wait_until_gone

pytestmark = pytest.mark.ops


def test_the_schedule_starts_a_run_that_succeeds(deployment: Deployment) -> None:
    tags = {tag["key"]: tag["value"] for tag in deployment.run["tags"]}
    assert tags["dagster/schedule_name"] == "nightly_schedule"
    assert deployment.run["status"] == "SUCCESS", deployment.logs()


def test_analysts_read_the_published_file(deployment: Deployment) -> None:
    with open_published(deployment.folder / "data" / "cce_jobs.duckdb") as published:
        roots = list(query(published, "SELECT count(*) FROM marts.root_jobs").rows)
        manifest = list(query(published, "SELECT run_id, ids_asked, ids_pending FROM manifest").rows)
    listed = (deployment.folder / "ids.txt").read_text(encoding="utf-8").splitlines()
    assert roots == [(len(listed),)]
    assert manifest == [(deployment.run["runId"], len(listed), 0)]


def test_the_webserver_listens_on_loopback_and_nothing_else_listens(deployment: Deployment) -> None:
    with urlopen(f"http://127.0.0.1:{deployment.port}/server_info", timeout=10) as answer:
        assert answer.status == 200
    listening = {name: service.listens_on() for name, service in deployment.services.items()}
    assert listening == {"webserver": {(IPv4Address("127.0.0.1"), deployment.port)}, "daemon": set(), "code": set()}


def test_the_daemon_passes_its_own_liveness_check(deployment: Deployment) -> None:
    command = [str(Path(sys.executable).parent / "dagster-daemon"), "liveness-check"]
    check = start(command, deployment.folder, deployment.folder / "check.log", deployment.environment)
    assert check.process.wait(60) == 0, check.log.read_text(encoding="utf-8")


def test_no_secret_is_in_the_database_or_in_a_file_of_the_services(deployment: Deployment) -> None:
    # The log of the synthetic API shows how to sign in, so it is left out.
    written = [path for path in deployment.folder.rglob("*") if path.is_file() and path.name != "api.log"]
    left = deployment.postgres.dump().encode() + b"".join(path.read_bytes() for path in written)
    assert deployment.run["runId"].encode() in left
    for secret in deployment.secrets:
        assert secret.encode() not in left


def test_a_stop_ends_every_process(deployment: Deployment) -> None:
    """Has to be the last test, because it stops the services."""
    for name in ("daemon", "webserver", "code"):
        service = deployment.services[name]
        service.stop()
        assert wait_until_gone(service, 30), f"{name} has left processes"
