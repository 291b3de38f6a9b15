"""Answers on their way into the warehouse: chunks, checkpoints, and how a run stops."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cce_etl import ingest as module
from cce_etl.chunk import Tally
from cce_etl.errors import AuthError, Interrupted
from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, FetchPolicy
from cce_etl.ingest import Progress, ignore_progress, ingest
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.ids import register_ids

if TYPE_CHECKING:
    from tests.conftest import Answer, Api

PROJECT = "de300000000040008000000000000001"
NOW = 1_772_323_200_000_000_123


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Connection]:
    with open_warehouse(tmp_path / "warehouse.duckdb") as connection:
        yield connection


def fetch(
    warehouse: Connection,
    api: "Api",
    job_ids: list[str],
    on_progress: Callable[[Progress], None] = ignore_progress,
    token: str = "synthetic-demo-token",
) -> Tally:
    """Fetch ids with four requests in flight, listed first as in every run."""
    register_ids(warehouse, "s", "list", job_ids, 1)
    tally = Tally(requested=len(job_ids))
    policy = FetchPolicy(max_attempts=1, concurrency=4, rate_limit=0)
    client = Client(api.endpoint, PROJECT, TokenAuth(token), policy, lambda: NOW)
    asyncio.run(ingest(warehouse, "s", client, job_ids, tally, lambda: NOW, on_progress))
    return tally


def test_every_answer_is_written_and_counted_however_small_the_chunks(
    warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_JOBS", 5)
    tally = fetch(warehouse, api, [*api.fleet_ids, "forgotten"])
    assert (tally.fetched, tally.gone, tally.failed) == (24, 1, 0)
    assert warehouse.execute("SELECT count(*) FROM raw.job_payloads").fetchall() == [(24,)]
    assert warehouse.execute("SELECT count(*) FROM core.jobs").fetchall() == [(tally.rows,)]


def test_a_chunk_ends_at_its_bytes(warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch) -> None:
    chunks: list[int] = []
    stored = module.store_outcomes

    def count(*arguments: object) -> None:
        chunks.append(len(arguments[2]))  # type: ignore[arg-type]
        stored(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "store_outcomes", count)
    monkeypatch.setattr(module, "CHUNK_BYTES", 1)
    fetch(warehouse, api, list(api.fleet_ids[:6]))
    assert chunks == [1] * 6


def test_progress_counts_every_id_once_and_says_how_many_failed(
    warehouse: Connection, api: "Api", script: "Callable[..., Answer]"
) -> None:
    api.answers["refused"] = script(b"{}", 403)
    seen: list[Progress] = []
    fetch(warehouse, api, [*api.fleet_ids[:4], "refused", "forgotten"], seen.append)
    assert [progress.done for progress in seen] == [1, 2, 3, 4, 5, 6]
    assert {progress.total for progress in seen} == {6}
    assert seen[-1].failed == 1


def test_nothing_to_fetch_asks_nothing(warehouse: Connection, api: "Api") -> None:
    assert fetch(warehouse, api, []) == Tally()
    assert api.asked.total() == 0


def test_a_refused_token_is_raised_after_what_came_is_written_and_is_no_letter_of_any_id(
    warehouse: Connection, api: "Api", script: "Callable[..., Answer]"
) -> None:
    # The good answers come first: the token is voided in the middle of the run.
    voided = {job_id: script(b'{"error_code":"APIGW.0301"}', 401, 0.3) for job_id in api.fleet_ids[3:]}
    api.answers = voided
    with pytest.raises(AuthError, match="CCE_AUTH_TOKEN"):
        fetch(warehouse, api, list(api.fleet_ids))
    stored = warehouse.execute("SELECT job_id FROM raw.job_payloads").fetchall()
    assert {job_id for (job_id,) in stored} == set(api.fleet_ids[:3])
    assert warehouse.execute("SELECT count(*) FROM raw.dead_letters").fetchall() == [(0,)]
    assert api.asked.total() <= 3 + 4


def test_a_signal_stops_the_run_keeps_what_came_and_puts_the_handlers_back(warehouse: Connection, api: "Api") -> None:
    api.seconds = 0.05
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def stop_after_six(progress: Progress) -> None:
        if progress.done == 6:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted, match=r"Stopped by SIGTERM: \d+ of 24 jobs are done and kept") as caught:
        fetch(warehouse, api, list(api.fleet_ids), stop_after_six)
    assert caught.value.exit_code == 143
    ((kept,),) = warehouse.execute("SELECT count(*) FROM raw.job_payloads").fetchall()
    assert 5 <= kept < 24
    assert f"{kept} of 24" in str(caught.value)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_run_in_another_thread_than_the_main_one_works_without_signals(warehouse: Connection, api: "Api") -> None:
    done: list[Tally] = []
    thread = threading.Thread(target=lambda: done.append(fetch(warehouse, api, list(api.fleet_ids[:3]))))
    thread.start()
    thread.join()
    assert done[0].fetched == 3


def test_an_error_while_writing_is_raised_and_ends_the_requests(
    warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_JOBS", 2)
    api.seconds = 0.02
    warehouse.execute("DROP TABLE core.jobs")
    with pytest.raises(Exception, match=r"core\.jobs|jobs does not exist"):
        fetch(warehouse, api, list(api.fleet_ids))
    assert api.asked.total() < 24
    assert warehouse.execute("SELECT count(*) FROM raw.job_payloads").fetchall() == [(0,)]
