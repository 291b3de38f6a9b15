"""A synthetic API with faults, a warehouse to fetch into, and the expectations that hold for every fault."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp.typedefs import Middleware

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet, build_fleet
from cce_etl.extract.client import FetchPolicy
from cce_etl.pipeline.fetch import policy_of
from cce_etl.pipeline.plan import IdList
from cce_etl.settings.settings import Settings
from cce_etl.transform.flatten import ParsedPayload, parse_payload
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.fetch_runs import RunCounts
from tests.fake_api.meter import Meter
from tests.fake_api.server import fake_api
from tests.steps import fetch_listed

# 2026-03-01 00:00:00 UTC
ENDS_AT_NS = 1_772_323_200_000_000_000
Row = tuple[str, str, str]


class Scene:
    """A served fleet and a warehouse to fetch it into; `meter` counts the requests at the server."""

    def __init__(self, fleet: Fleet, connection: Connection, settings: Settings, meter: Meter) -> None:
        self.fleet = fleet
        self.connection = connection
        self.settings = settings
        self.meter = meter

    def fetch(self, job_ids: Sequence[str] | None = None, **changes: Any) -> RunCounts:
        """Fetch jobs of the fleet, all unless some are named, with some settings changed."""
        settings = msgspec.structs.replace(self.settings, **changes)
        id_list = IdList("fleet", list(self.fleet.job_ids if job_ids is None else job_ids))
        return fetch_listed(self.connection, settings, id_list)

    def rows(self) -> list[Row]:
        """Return root, path and id of every row of core.jobs, in order."""
        return self.connection.execute("SELECT root_job_id, path, job_id FROM core.jobs ORDER BY ALL").fetchall()

    def letters(self) -> list[tuple[Any, ...]]:
        """Return job, kind and HTTP status of every open dead letter, in order."""
        return self.connection.execute(
            "SELECT job_id, kind, http_status FROM raw.dead_letters WHERE resolved_at IS NULL ORDER BY ALL"
        ).fetchall()

    def states(self) -> dict[str, str]:
        """Return the state of every id."""
        return dict(self.connection.execute("SELECT job_id, state FROM raw.job_ids").fetchall())

    def account(self, column: str) -> Any:
        """Return a count of the last run from its account."""
        sql = f"SELECT {column} FROM raw.fetch_runs ORDER BY started_at DESC LIMIT 1"
        return self.connection.execute(sql).fetchall()[0][0]

    def assert_loaded(self, but: Sequence[str] = ()) -> None:
        """Assert that core.jobs has every tree except these once and completely, and that ended jobs are finished."""
        trees = {root: tree for root, tree in self._trees.items() if root not in but}
        expected = [(root, row.path, row.job_id) for root, tree in trees.items() for row in tree.nodes]
        assert self.rows() == sorted(expected)
        ended = {job_id for job_id, tree in trees.items() if tree.is_terminal}
        assert {job_id for job_id, state in self.states().items() if state == "finished"} == ended

    @cached_property
    def _trees(self) -> dict[str, ParsedPayload]:
        return {job_id: parse_payload(body) for job_id, body in self.fleet.v3_bodies()}


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """Return 40 jobs, of which the example and the last two are running."""
    return build_fleet(seed=11, job_count=40, ends_at_ns=ENDS_AT_NS)


@pytest.fixture
def back_off_seconds() -> float:
    """Return the longest wait before a second try; a test may parametrize this name to set another."""
    return 0.02


@pytest.fixture(autouse=True)
def short_back_off(monkeypatch: pytest.MonkeyPatch, back_off_seconds: float) -> None:
    """Shorten the waits between tries; everything else is as in a real run."""

    def hurried(settings: Settings) -> FetchPolicy:
        return msgspec.structs.replace(policy_of(settings), back_off_seconds=back_off_seconds)

    monkeypatch.setattr("cce_etl.pipeline.fetch.policy_of", hurried)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a run without a rate limit; the endpoint is still missing."""
    return Settings(
        project_id=DEMO_PROJECT_ID,
        auth_token=DEMO_TOKEN,
        source="faults",
        warehouse=tmp_path / "warehouse.duckdb",
        published=tmp_path / "published.duckdb",
        concurrency=8,
        rate_limit=0,
    )


@pytest.fixture
def serve(fleet: Fleet, settings: Settings) -> Any:
    """Return a context manager that serves a fleet with faults, the first outermost, and yields the scene.

    At its end it asserts that there were never more requests in flight than allowed.
    """

    @contextmanager
    def scene(
        *faults: Middleware, of: Fleet = fleet, clock: Callable[[], int] = time.time_ns, **changes: Any
    ) -> Iterator[Scene]:
        meter = Meter()
        with (
            fake_api(of, middlewares=[meter, *faults], clock=clock) as endpoint,
            open_warehouse(settings.warehouse) as connection,
        ):
            yield Scene(of, connection, msgspec.structs.replace(settings, endpoint=endpoint, **changes), meter)
        assert 0 < meter.most_in_flight <= changes.get("concurrency", settings.concurrency)

    return scene
