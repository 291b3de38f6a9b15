"""What must not grow, counted: requests a job, statements a batch. Time is for the benchmarks.

Does not live here: imports of --help (`cli/test_app_commands`), bytes written to publish (`warehouse/test_publish`).
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, Fetched, FetchPolicy
from cce_etl.extract.payload_files import SavedRecord
from cce_etl.pipeline.fetch import Ingest, ignore_progress
from cce_etl.pipeline.load import read_batch, store_batch, store_outcomes
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.job_ids import register_ids

if TYPE_CHECKING:
    from tests.conftest import Api

PROJECT = "de300000000040008000000000000001"


class Counted:
    """Pass everything on to a connection, counting what it is asked to do."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.count = 0
        self.texts: list[str] = []

    def execute(self, text: str, *values: Any) -> Connection:
        """Execute a statement and keep its text."""
        self.count += 1
        self.texts.append(text)
        return self._connection.execute(text, *values)

    def __getattr__(self, name: str) -> Any:
        self.count += 1
        return getattr(self._connection, name)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Connection]:
    with open_warehouse(tmp_path / "warehouse.duckdb") as connection:
        yield connection


def test_each_job_is_asked_for_once(warehouse: Connection, api: "Api") -> None:
    client = Client(api.endpoint, PROJECT, TokenAuth("synthetic-demo-token"), FetchPolicy(rate_limit=0), time.time_ns)

    async def run() -> None:
        async with client:
            await Ingest(warehouse, "s", client, RunCounts(), time.time_ns, ignore_progress).ingest(api.fleet_ids)

    asyncio.run(run())
    assert api.asked == dict.fromkeys(api.fleet_ids, 1)
    assert client.statistics.request_count == len(api.fleet_ids)


def test_a_batch_takes_as_many_statements_however_many_jobs_are_in_it(
    warehouse: Connection, job_body: Callable[..., bytes]
) -> None:
    def statements(job_count: int, at: int) -> int:
        job_ids = [f"job-{number}" for number in range(job_count)]
        register_ids(warehouse, "s", "list", job_ids, at)
        counted = Counted(warehouse)
        # Seen before, and seen anew: both ways through a batch.
        outcomes = [Fetched(job_id, job_body(job_id, reason=str(at)), at, 1) for job_id in job_ids]
        store_outcomes(cast("Connection", counted), "s", outcomes, RunCounts(), at)
        return counted.count

    first = statements(4, at=1)
    again = statements(4, at=2)
    assert statements(40, at=3) <= max(first, again)
    assert first < 40


def test_a_first_load_looks_among_the_ids_known_three_times_a_batch_and_never_among_stored_bodies(
    warehouse: Connection, job_body: Callable[..., bytes]
) -> None:
    counted = Counted(warehouse)
    for number in range(2):
        batch = read_batch([SavedRecord(job_body(f"job-{number}"), "file", 1)])
        store_batch(cast("Connection", counted), "s", batch, RunCounts(), 1)
    # Whether any is known, what became of each, and when its tree was seen.
    reading = [text for text in counted.texts if "incoming" in text and "SELECT $" not in text]
    assert sum("raw.job_ids" in text for text in reading) == 2 * 3
    assert not any("raw.job_payloads" in text for text in reading)
