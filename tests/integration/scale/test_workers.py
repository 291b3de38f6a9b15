"""Celery workers on twenty sources and a lake write the rows of one process, within all rate limits."""

import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.integration.ops.postgres import Postgres
from tests.integration.scale.deployment import Deployment, kill, reader, wait
from tests.integration.scale.sources import JOBS_OF_THE_LONGEST, LONGEST, NAMES, RATE_PER_SECOND, Sources
from tests.integration.scale.tables import rows_of

if TYPE_CHECKING:
    from tests.integration.scale.conftest import Rows

pytestmark = pytest.mark.scale

# Sliding windows, in seconds. Two processes fetching from one source would exceed the longest by far.
WINDOWS = (2.0, 5.0)
# A process that a busy machine delays sends late requests together: up to half a second's requests more in a window.
LATE_SECONDS = 1.0


@pytest.fixture(autouse=True)
def password(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process connect to the lakes."""
    monkeypatch.setenv("PGPASSWORD", postgres.password)


def _assert_same(found: "Rows", expected: "Rows") -> None:
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table


def _assert_within_rate_limits(sources: Sources) -> None:
    most = {
        (name, seconds): record.most_within(seconds) / (RATE_PER_SECOND * (seconds + LATE_SECONDS))
        for name, record in sources.records.items()
        for seconds in WINDOWS
    }
    assert {window: share for window, share in most.items() if share > 1} == {}


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_write_the_rows_of_one_process_and_a_reader_is_never_refused(
    workers: int,
    expected: "Rows",
    new_deployment: Callable[[], Deployment],
    sources: Sources,
) -> None:
    deployment = new_deployment()
    started = deployment.start_workers(workers)
    run = deployment.night()
    lake = deployment.folder / "lake"
    wait(lambda: any(lake.rglob("*.parquet")), 120, "something is stored", deployment.logs)
    reading = reader(deployment.environment, deployment.folder)
    deployment.finish(run)
    _, _ = reading.communicate(b"\n", timeout=60)
    answers = (deployment.folder / "reader.log").read_text().splitlines()
    assert reading.returncode == 0, answers[-5:]
    assert len(answers) > 5
    _assert_same(rows_of(deployment.lake()), expected)
    _assert_within_rate_limits(sources)
    took_part = [one for one in started if "succeeded in" in one.log.read_text()]
    assert len(took_part) == workers


def test_a_worker_killed_during_a_source_loses_nothing_and_what_it_stored_is_not_requested_again(
    expected: "Rows",
    new_deployment: Callable[[], Deployment],
    sources: Sources,
) -> None:
    deployment = new_deployment()
    workers = deployment.start_workers(2)
    run = deployment.night()
    # After two batches of five seconds.
    wait(lambda: len(sources.records[LONGEST].requests) > JOBS_OF_THE_LONGEST * 0.55, 120, "a third", deployment.logs)
    (busy,) = [one for one in workers if _holds(one.log.read_text(), LONGEST)]
    kill(busy)
    deployment.finish(run)
    _assert_same(rows_of(deployment.lake()), expected)
    _assert_within_rate_limits(sources)
    asked = sources.records[LONGEST].requested()
    assert len(asked) == JOBS_OF_THE_LONGEST
    # Requested twice are jobs of the unfinished batch, and jobs that have not ended, which every fetch requests.
    assert sum(times > 1 for times in asked.values()) < JOBS_OF_THE_LONGEST / 2
    assert max(asked.values()) == 2
    assert all(max(sources.records[name].requested().values()) <= 2 for name in NAMES)


def _holds(log: str, source: str) -> bool:
    """Return whether a worker's log ends during the step of a source."""
    begun = log.rfind(f"fetch_source[{source.replace('-', '_')}]")
    return begun >= 0 and "succeeded in" not in log[begun:]


def test_two_runs_at_once_fetch_from_a_source_one_after_the_other_within_its_rate_limit(
    new_deployment: Callable[[], Deployment], sources: Sources
) -> None:
    deployment = new_deployment()
    deployment.start_workers(2)
    for run in [deployment.fetch_alone(LONGEST, refetch=True) for _ in range(2)]:
        deployment.finish(run)
    asked = sources.records[LONGEST].requested()
    assert len(asked) == JOBS_OF_THE_LONGEST
    assert max(asked.values()) == 2
    _assert_within_rate_limits(sources)
    assert not any(sources.records[name].requests for name in NAMES if name != LONGEST)


def test_processes_of_one_host_share_the_sources(
    expected: "Rows", new_deployment: Callable[[], Deployment], sources: Sources
) -> None:
    deployment = new_deployment()
    deployment.environment["CCE_EXECUTOR"] = "multiprocess"
    chosen = NAMES[1:4]
    deployment.finish(deployment.night(chosen))
    jobs = rows_of(deployment.lake())["core.jobs"]
    assert jobs == [row for row in expected["core.jobs"] if row[0] in chosen]
    _assert_within_rate_limits(sources)


def test_no_secret_is_in_logs_or_in_dagsters_records(
    new_deployment: Callable[[], Deployment], broker: str, postgres: Postgres
) -> None:
    deployment = new_deployment()
    deployment.start_workers(2)
    deployment.finish(deployment.fetch_alone(NAMES[2]))
    said = "".join(path.read_text(errors="replace") for path in deployment.folder.glob("*.log"))
    done = subprocess.run(
        [
            str(postgres.programs / "pg_dump"),
            "--host=127.0.0.1",
            f"--port={postgres.port}",
            "--username=dagster",
            deployment.environment["POSTGRES_DB"],
        ],
        env={"PGPASSWORD": postgres.password},
        check=True,
        capture_output=True,
        timeout=60,
    )
    for secret in (
        broker.split(":")[2].split("@", maxsplit=1)[0],
        postgres.password,
        deployment.environment["FLEET_TOKEN"],
    ):
        assert secret not in said
        assert secret not in done.stdout.decode()
