"""A run's figures over its sources."""

import duckdb
import pytest

from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.dead_letters import DeadLetter, record_dead_letters
from cce_etl.warehouse.fetch_runs import FetchRun, RunCounts, RunSummary, record_run, summarize_run
from cce_etl.warehouse.migrations import schema_sql


def _run(source: str, p95: float | None, run_id: str = "tonight") -> FetchRun:
    return FetchRun(
        run_id=run_id,
        source=source,
        command="dagster",
        started_at=1_000,
        ended_at=2_000,
        counts=RunCounts(fetched=2, rows=5),
        request_count=3,
        retry_count=1,
        throttled_count=1,
        waited_seconds=0.5,
        received_bytes=70,
        p95_latency_seconds=p95,
    )


def _body(connection: Connection, source: str, job_id: str, fetched_at: int) -> None:
    connection.execute(
        "INSERT INTO raw.job_payloads VALUES ($1, $2, 'v3', make_timestamp_ns($3), ''::BLOB, 0, ''::BLOB)",
        [source, job_id, fetched_at],
    )


@pytest.fixture
def connection() -> Connection:
    connection = duckdb.connect()
    connection.execute(schema_sql())
    return connection


def test_sources_are_summed_and_a_job_with_an_older_body_is_no_new_one(connection: Connection) -> None:
    with connection:
        for run in (_run("a", 0.25), _run("b", 0.75), _run("a", 9.0, "last night")):
            record_run(connection, run)
        _body(connection, "a", "known", 10)
        for source, job_id in (("a", "known"), ("a", "first"), ("b", "first"), ("b", "second")):
            _body(connection, source, job_id, 1_000)
        record_dead_letters(connection, "a", [DeadLetter("lost", "gone", "gone", 1_500)])
        # Four bodies in this run: one of a job known before, three of new ones.
        assert summarize_run(connection, "tonight") == RunSummary(3, 1, 6, 2, 2, 140, 1.0, 0.75, 1)


def test_a_run_that_asked_nothing_has_zeros_and_no_latency(connection: Connection) -> None:
    with connection:
        assert summarize_run(connection, "unknown") == RunSummary(0, 0, 0, 0, 0, 0, 0.0, None, 0)


def test_a_run_is_kept_to_the_nanosecond(connection: Connection) -> None:
    run = FetchRun(
        run_id="r",
        source="s",
        command="run",
        started_at=1_772_323_200_000_000_123,
        ended_at=1_772_323_200_000_000_124,
        counts=RunCounts(requested=3, rows=2**40),
        request_count=4,
        retry_count=1,
        throttled_count=1,
        waited_seconds=0.25,
        received_bytes=5,
    )
    with connection:
        record_run(connection, run)
        found = connection.execute(
            "SELECT run_id, epoch_ns(ended_at) - epoch_ns(started_at), requested, core_row_count, waited_seconds "
            "FROM raw.fetch_runs"
        ).fetchall()
    assert found == [("r", 1, 3, 2**40, 0.25)]
