"""Answers on their way into the warehouse: batches, checkpoints, and how a run stops."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cce_etl.errors import AuthError, Interrupted, WarehouseError
from cce_etl.extract.auth import TokenAuth
from cce_etl.extract.client import Client, FetchPolicy
from cce_etl.pipeline import fetch as module
from cce_etl.pipeline.fetch import Ingest, Progress, ignore_progress
from cce_etl.pipeline.load import store_outcomes
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.job_ids import register_ids

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
) -> RunCounts:
    """Fetch ids with four requests in flight, listed first as in every run."""
    register_ids(warehouse, "s", "list", job_ids, 1)
    counts = RunCounts(requested=len(job_ids))
    policy = FetchPolicy(max_attempts=1, concurrency=4, rate_limit=0)
    client = Client(api.endpoint, PROJECT, TokenAuth("synthetic-demo-token"), policy, lambda: NOW)

    async def run() -> None:
        async with client:
            try:
                await Ingest(warehouse, "s", client, counts, lambda: NOW, on_progress).ingest(job_ids)
            finally:
                await asyncio.sleep(0.05)
                assert asyncio.all_tasks() == {asyncio.current_task()}, "something still waits"

    asyncio.run(run())
    return counts


def test_every_answer_is_written_and_counted_however_small_the_batches(
    warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_JOBS", 5)
    counts = fetch(warehouse, api, [*api.fleet_ids, "forgotten"])
    assert (counts.fetched, counts.gone, counts.failed) == (24, 1, 0)
    assert warehouse.execute("SELECT count(*) FROM raw.job_payloads").fetchall() == [(24,)]
    assert warehouse.execute("SELECT count(*) FROM core.jobs").fetchall() == [(counts.rows,)]


def test_a_batch_ends_at_its_bytes(warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def count(*arguments: object) -> None:
        batches.append(len(arguments[2]))  # type: ignore[arg-type]
        store_outcomes(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "store_outcomes", count)
    monkeypatch.setattr(module, "BATCH_BYTES", 1)
    fetch(warehouse, api, list(api.fleet_ids[:6]))
    assert batches == [1] * 6


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
    assert fetch(warehouse, api, []) == RunCounts()
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
    done: list[RunCounts] = []
    thread = threading.Thread(target=lambda: done.append(fetch(warehouse, api, list(api.fleet_ids[:3]))))
    thread.start()
    thread.join()
    assert done[0].fetched == 3


def wait_until_the_queue_is_full(api: "Api") -> None:
    """Wait for 16 requests: 2 answers are written, 2 make the next batch, 8 fill the queue, 4 workers hold one each."""
    while api.asked.total() < 16:
        time.sleep(0.01)
    time.sleep(0.1)  # for the answers of the last four


def test_an_error_while_writing_is_raised_and_ends_the_requests_though_the_queue_is_full(
    warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        wait_until_the_queue_is_full(api)
        raise WarehouseError("the disk is full")

    monkeypatch.setattr(module, "BATCH_JOBS", 2)
    monkeypatch.setattr(module, "store_outcomes", fail)
    with pytest.raises(WarehouseError, match="the disk is full"):
        fetch(warehouse, api, list(api.fleet_ids))
    assert api.asked.total() == 16


def test_an_error_while_writing_is_raised_though_no_further_answer_comes(
    warehouse: Connection, api: "Api", script: "Callable[..., Answer]", monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise WarehouseError("the disk is full")

    monkeypatch.setattr(module, "BATCH_JOBS", 2)
    monkeypatch.setattr(module, "BATCH_SECONDS", 1_000.0)
    monkeypatch.setattr(module, "store_outcomes", fail)
    api.answers = {"late": script(b"{}", seconds=1_000.0)}
    with pytest.raises(WarehouseError, match="the disk is full"):
        fetch(warehouse, api, [*api.fleet_ids[:2], "late"])


def test_requests_go_on_while_a_batch_is_written(
    warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch
) -> None:
    def written_after_all_were_asked_for(*arguments: object) -> None:
        while api.asked.total() < 16:
            time.sleep(0.01)
        store_outcomes(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "BATCH_JOBS", 2)
    monkeypatch.setattr(module, "store_outcomes", written_after_all_were_asked_for)
    assert fetch(warehouse, api, list(api.fleet_ids[:16])).fetched == 16


def test_a_second_signal_does_not_break_off_the_good_order_of_the_first(
    warehouse: Connection, api: "Api", monkeypatch: pytest.MonkeyPatch
) -> None:
    def signalled_twice(*arguments: object) -> None:
        if not warehouse.execute("FROM raw.job_payloads").fetchall():
            wait_until_the_queue_is_full(api)
            for _ in range(2):
                signal.raise_signal(signal.SIGINT)
                time.sleep(0.1)
        store_outcomes(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "BATCH_JOBS", 2)
    monkeypatch.setattr(module, "store_outcomes", signalled_twice)
    with pytest.raises(Interrupted, match="12 of 24 jobs are done and kept") as caught:
        fetch(warehouse, api, list(api.fleet_ids))
    assert caught.value.exit_code == 130
    assert warehouse.execute("SELECT count(*) FROM raw.job_payloads").fetchall() == [(12,)]
