"""A nightly run over a small fleet with real HTTP and a real storage folder of Dagster, and other shared fixtures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from dagster import AssetKey, AssetMaterialization, DagsterInstance, ExecuteInProcessResult

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.jobs import NIGHTLY
from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet, build_fleet
from tests.defs.chat import Chat, chat_server
from tests.fake_api.server import fake_api

# 2026-03-01 00:00:00.000000123 UTC: a time with nanoseconds
NOW = 1_772_323_200_000_000_123
SOURCE = "demo"
UNKNOWN_ID = "11111111-2222-1333-8444-555555555555"


@dataclass(frozen=True)
class Night:
    """A run that ended: its result, its environment, and the folder of Dagster's records."""

    result: ExecuteInProcessResult
    environment: dict[str, str]
    storage: Path
    now: int = NOW

    def materialization(self, *key: str) -> AssetMaterialization:
        """Return the one materialization of an asset."""
        events = self.result.get_asset_materialization_events()
        (found,) = [event.materialization for event in events if event.asset_key == AssetKey(key)]
        return found

    def failure(self) -> str:
        """Return the message of the one failed step."""
        (event,) = self.result.filter_events(lambda event: event.is_step_failure)
        data = event.step_failure_data.user_failure_data
        assert data is not None
        return data.description or ""


@pytest.fixture(scope="session", autouse=True)
def no_telemetry() -> Iterator[None]:
    """Turn Dagster's telemetry off: an instance made by a test does not read dagster_home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
        yield


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """Return 40 jobs, some still running."""
    return build_fleet(seed=5, job_count=40, ends_at_ns=NOW)


@pytest.fixture(scope="session")
def endpoint(fleet: Fleet) -> Iterator[str]:
    """Serve the fleet and yield the endpoint."""
    with fake_api(fleet) as url:
        yield url


@pytest.fixture(scope="session")
def environment_in(fleet: Fleet, endpoint: str) -> Callable[[Path], dict[str, str]]:
    """Return a function that makes an environment with files in a folder; its list has one id that the API forgot."""

    def make(folder: Path) -> dict[str, str]:
        ids = folder / "ids.txt"
        ids.write_text("\n".join([*fleet.job_ids, UNKNOWN_ID, "no id!"]), encoding="utf-8")
        return {
            "CCE_ENDPOINT": endpoint,
            "CCE_PROJECT_ID": DEMO_PROJECT_ID,
            "CCE_AUTH_TOKEN": DEMO_TOKEN,
            "CCE_SOURCE": SOURCE,
            "CCE_JOB_IDS": str(ids),
            "CCE_WAREHOUSE": str(folder / "warehouse.duckdb"),
            "CCE_PUBLISHED": str(folder / "published.duckdb"),
            "CCE_RATE_LIMIT": "0",
        }

    return make


@pytest.fixture
def environment(tmp_path: Path, environment_in: Callable[[Path], dict[str, str]]) -> dict[str, str]:
    """Return the environment of a run in a new folder."""
    return environment_in(tmp_path)


@pytest.fixture(scope="session")
def run_nightly() -> Callable[..., Night]:
    """Return a function that runs the nightly run at NOW, or some of its assets, with Dagster's records in a folder."""

    def run(environment: dict[str, str], storage: Path, only: Sequence[AssetKey] | None = None) -> Night:
        storage.mkdir()
        job = build_definitions(lambda: NOW, environment).resolve_job_def(NIGHTLY)
        with DagsterInstance.local_temp(str(storage)) as instance:
            result = job.execute_in_process(instance=instance, asset_selection=only, raise_on_error=False)
            return Night(result, environment, storage)

    return run


@pytest.fixture(scope="session")
def night(
    tmp_path_factory: pytest.TempPathFactory,
    environment_in: Callable[[Path], dict[str, str]],
    run_nightly: Callable[..., Night],
) -> Night:
    """Return a nightly run over the whole fleet that succeeded."""
    folder = tmp_path_factory.mktemp("night")
    return run_nightly(environment_in(folder), folder / "storage")


@pytest.fixture
def chat() -> Iterator[Chat]:
    """Yield a chat's webhook."""
    with chat_server() as served:
        yield served


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    """Yield an empty Dagster instance in memory: one in a folder takes a second to create."""
    with DagsterInstance.ephemeral() as opened:
        yield opened
