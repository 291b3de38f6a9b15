"""Twenty sources, Celery workers, one lake: the rows of one process, whoever dies, and within every budget."""

import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.integration.ops.postgres import Postgres
from tests.integration.scale.farm import Farm, kill, reader, wait
from tests.integration.scale.fleet import JOBS_OF_THE_LONGEST, LONGEST, NAMES, RATE_PER_SECOND, Sources
from tests.integration.scale.tables import rows_of

if TYPE_CHECKING:
    from tests.integration.scale.conftest import Rows

pytestmark = pytest.mark.scale

# Sliding windows, in seconds. Two at once on one source would fill the longest twice over.
WINDOWS = (2.0, 5.0)
# A process that a busy machine holds up sends late what was due meanwhile: seen is half a second's more in a window.
LATE_SECONDS = 1.0


@pytest.fixture(autouse=True)
def password(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process read the lakes."""
    monkeypatch.setenv("PGPASSWORD", postgres.password)


def _assert_same(found: "Rows", expected: "Rows") -> None:
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table


def _assert_within_budget(sources: Sources) -> None:
    most = {
        (name, seconds): record.most_within(seconds) / (RATE_PER_SECOND * (seconds + LATE_SECONDS))
        for name, record in sources.records.items()
        for seconds in WINDOWS
    }
    assert {window: share for window, share in most.items() if share > 1} == {}


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_leave_the_rows_of_one_process_and_a_reader_is_never_refused(
    workers: int,
    expected: "Rows",
    new_farm: Callable[[], Farm],
    sources: Sources,
) -> None:
    farm = new_farm()
    started = farm.start_workers(workers)
    run = farm.night()
    lake = farm.folder / "lake"
    wait(lambda: any(lake.rglob("*.parquet")), 120, "something is stored", farm.logs)
    reading = reader(farm.environment, farm.folder)
    farm.finish(run)
    _, _ = reading.communicate(b"\n", timeout=60)
    answers = (farm.folder / "reader.log").read_text().splitlines()
    assert reading.returncode == 0, answers[-5:]
    assert len(answers) > 5
    _assert_same(rows_of(farm.lake()), expected)
    _assert_within_budget(sources)
    took_part = [one for one in started if "succeeded in" in one.log.read_text()]
    assert len(took_part) == workers


def test_a_worker_killed_amid_a_source_loses_nothing_and_what_it_stored_is_not_asked_for_again(
    expected: "Rows",
    new_farm: Callable[[], Farm],
    sources: Sources,
) -> None:
    farm = new_farm()
    workers = farm.start_workers(2)
    run = farm.night()
    # After two batches of five seconds, before the last third.
    wait(lambda: len(sources.records[LONGEST].requests) > JOBS_OF_THE_LONGEST * 0.55, 120, "a third", farm.logs)
    (busy,) = [one for one in workers if _holds(one.log.read_text(), LONGEST)]
    kill(busy)
    farm.finish(run)
    _assert_same(rows_of(farm.lake()), expected)
    _assert_within_budget(sources)
    asked = sources.records[LONGEST].asked()
    assert len(asked) == JOBS_OF_THE_LONGEST
    # What had not reached a batch's end, and what has not ended, which every fetch asks for.
    assert sum(times > 1 for times in asked.values()) < JOBS_OF_THE_LONGEST / 2
    assert max(asked.values()) == 2
    assert all(max(sources.records[name].asked().values()) <= 2 for name in NAMES)


def _holds(log: str, source: str) -> bool:
    """Tell whether a worker's log ends within the step of a source."""
    begun = log.rfind(f"fetch_source[{source.replace('-', '_')}]")
    return begun >= 0 and "succeeded in" not in log[begun:]


def test_two_runs_at_once_ask_a_source_in_turn_and_keep_its_budget(
    new_farm: Callable[[], Farm], sources: Sources
) -> None:
    farm = new_farm()
    farm.start_workers(2)
    for run in [farm.fetch_alone(LONGEST, refetch=True) for _ in range(2)]:
        farm.finish(run)
    asked = sources.records[LONGEST].asked()
    assert len(asked) == JOBS_OF_THE_LONGEST
    assert max(asked.values()) == 2
    _assert_within_budget(sources)
    assert not any(sources.records[name].requests for name in NAMES if name != LONGEST)


def test_processes_of_one_host_share_the_sources_too(
    expected: "Rows", new_farm: Callable[[], Farm], sources: Sources
) -> None:
    farm = new_farm()
    farm.environment["CCE_EXECUTOR"] = "multiprocess"
    chosen = NAMES[1:4]
    farm.finish(farm.night(chosen))
    jobs = rows_of(farm.lake())["core.jobs"]
    assert jobs == [row for row in expected["core.jobs"] if row[0] in chosen]
    _assert_within_budget(sources)


def test_no_secret_is_in_what_workers_and_runs_say_or_keep(
    new_farm: Callable[[], Farm], broker: str, postgres: Postgres
) -> None:
    farm = new_farm()
    farm.start_workers(2)
    farm.finish(farm.fetch_alone(NAMES[2]))
    said = "".join(path.read_text(errors="replace") for path in farm.folder.glob("*.log"))
    done = subprocess.run(
        [
            str(postgres.programs / "pg_dump"),
            "--host=127.0.0.1",
            f"--port={postgres.port}",
            "--username=dagster",
            farm.environment["POSTGRES_DB"],
        ],
        env={"PGPASSWORD": postgres.password},
        check=True,
        capture_output=True,
        timeout=60,
    )
    for secret in (broker.split(":")[2].split("@", maxsplit=1)[0], postgres.password, farm.environment["FLEET_TOKEN"]):
        assert secret not in said
        assert secret not in done.stdout.decode()
