"""Durations, rates and coverage of our own runs, compared with values computed by hand."""

from typing import Any

import pytest
from scipy import stats

START = 1_700_000_000_000_000_000  # 2023-11-14 22:13:20 UTC
HOUR = 3_600
RUN = """
    INSERT INTO raw.fetch_runs BY NAME SELECT $source AS source, $run_id AS run_id, $command AS command,
        make_timestamp_ns($started_at) AS started_at, make_timestamp_ns($ended_at) AS ended_at,
        $requested AS requested, $skipped AS skipped, $fetched AS fetched, $unchanged AS unchanged, $gone AS gone,
        $failed AS failed, $failed AS dead_lettered, 7 AS core_row_count, $requests AS request_count,
        $retries AS retry_count, $throttled AS throttled_count, 1.5 AS waited_seconds, 1000 AS received_bytes,
        0.1 AS p50_latency_seconds, 0.2 AS p95_latency_seconds
"""


def add_run(warehouse: Any, run_id: str, at: float, seconds: float | None, **columns: Any) -> None:
    """Add a run that started so many seconds after START."""
    counts = dict.fromkeys(("requested", "skipped", "fetched", "unchanged", "gone", "failed"), 0)
    started_at = START + round(at * 10**9)
    values = {
        "source": "s",
        "command": "run",
        "run_id": run_id,
        "started_at": started_at,
        "ended_at": None if seconds is None else started_at + round(seconds * 10**9),
        **counts,
        **dict.fromkeys(("requests", "retries", "throttled"), 0),
        **columns,
    }
    warehouse.connection.execute(RUN, values)


def test_a_run_has_its_rates(build: Any) -> None:
    warehouse = build()
    add_run(
        warehouse, "r", 0, 8, requested=100, skipped=60, fetched=20, unchanged=10, gone=5, failed=5, requests=64,
        retries=16, throttled=8,
    )  # fmt: skip
    columns = "asked_count, duration_seconds, coverage_rate, failure_rate, requests_per_second, retry_rate"
    rows = warehouse.rows(f"SELECT {columns}, throttled_rate, core_row_count FROM marts.ingest_runs")
    # 100 - 60 asked; 95 of 100 kept; 5 of 40 failed; 64 requests in 8 s, 16 of them again, 8 throttled
    assert rows == [(40, 8.0, 0.95, 0.125, 8.0, 0.25, 0.125, 7)]


@pytest.mark.parametrize("seconds", [None, 0])
def test_a_run_of_nothing_has_no_rates(build: Any, seconds: float | None) -> None:
    warehouse = build()
    add_run(warehouse, "r", 0, seconds)
    rates = "coverage_rate, failure_rate, requests_per_second, retry_rate, throttled_rate"
    assert warehouse.rows(f"SELECT duration_seconds, {rates} FROM marts.ingest_runs") == [(seconds, *[None] * 5)]


def test_a_run_over_two_sources_is_a_row_each_and_so_is_a_second_try(build: Any) -> None:
    warehouse = build()
    for source, at in (("s", 0), ("t", 1), ("s", 2)):
        add_run(warehouse, "r", at, 1, source=source)
    rows = warehouse.rows("SELECT source, run_id, epoch_ns(started_at) FROM marts.ingest_runs ORDER BY started_at")
    assert rows == [("s", "r", START), ("t", "r", START + 10**9), ("s", "r", START + 2 * 10**9)]


def test_days_have_durations_of_the_runs_that_ended(build: Any) -> None:
    warehouse = build()
    for number, seconds in enumerate((10, 20, 60, None)):
        add_run(warehouse, str(number), number, seconds, requested=10, skipped=4, requests=5)
    add_run(warehouse, "next", 2 * HOUR, 7)  # 2023-11-15 00:13:20
    add_run(warehouse, "load", 0, 3, command="load")
    columns = "command, started_on::VARCHAR, run_count, measured_count, asked_count, request_count, received_bytes"
    figures = "p50_seconds, p90_seconds, p95_seconds, p99_seconds, mean_seconds, max_seconds"
    rows = warehouse.rows(f"SELECT {columns}, {figures} FROM marts.ingest_durations_daily ORDER BY 1, 2")
    # Of 10, 20, 60: the 90th percentile lies 0.8 of the way from 20 to 60, the 95th 0.9, the 99th 0.98.
    assert rows == [
        ("load", "2023-11-14", 1, 1, 0, 0, 1000, 3, 3, 3, 3, 3, 3),
        ("run", "2023-11-14", 4, 3, 24, 20, 4000, 20, 52, pytest.approx(56), pytest.approx(59.2), 30, 60),
        ("run", "2023-11-15", 1, 1, 0, 0, 1000, 7, 7, 7, 7, 7, 7),
    ]


def test_days_have_failure_rates_with_wilsons_interval(build: Any) -> None:
    warehouse = build()
    add_run(warehouse, "a", 0, 1, requested=4, skipped=1, failed=1, requests=9, throttled=3)
    add_run(warehouse, "b", 1, 1, requested=7, failed=0, requests=3)
    add_run(warehouse, "next", 2 * HOUR, 7)
    columns = "started_on::VARCHAR, run_count, asked_count, failed_count, throttled_rate"
    rates = "failure_rate, failure_rate_low, failure_rate_high"
    rows = warehouse.rows(f"SELECT {columns}, {rates} FROM marts.ingest_failure_rates_daily ORDER BY 1")
    # The bounds for 1 of 10, solved by hand: see marts.step_failure_rates.
    low, high = 0.017876213095072906, 0.4041500267952385
    assert rows == [
        ("2023-11-14", 2, 10, 1, 0.25, 0.1, pytest.approx(low, abs=1e-14), pytest.approx(high, abs=1e-14)),
        ("2023-11-15", 1, 0, 0, None, None, None, None),
    ]


@pytest.mark.parametrize("failed_count", [0, 1, 13, 39, 40])
def test_the_interval_is_the_one_of_scipy(build: Any, failed_count: int) -> None:
    warehouse = build()
    add_run(warehouse, "a", 0, 1, requested=40, failed=failed_count)
    [(low, high)] = warehouse.rows("SELECT failure_rate_low, failure_rate_high FROM marts.ingest_failure_rates_daily")
    expected = stats.binomtest(failed_count, 40).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert 0 <= low <= failed_count / 40 <= high <= 1


def add_id(warehouse: Any, state: str, fetched_at: float | None, source: str = "s") -> None:
    warehouse.connection.execute(
        """INSERT INTO raw.job_ids BY NAME SELECT $1 AS source, uuid()::VARCHAR AS job_id, $2 AS state, 1 AS attempts,
        make_timestamp_ns($3) AS last_fetched_at""",
        [source, state, None if fetched_at is None else START + round(fetched_at * 10**9)],
    )


def test_coverage_is_what_is_final_or_was_answered_in_the_last_run(build: Any) -> None:
    warehouse = build()
    add_run(warehouse, "before", 0, 1)
    add_run(warehouse, "last", 100, 1)
    states = [("finished", 1), ("gone", None), ("dead", None), ("running", 100), ("pending", None), ("running", 99.9)]
    for state, fetched_at in states:
        add_id(warehouse, state, fetched_at)
    add_id(warehouse, "running", 5, source="never run")
    rows = warehouse.rows("SELECT * EXCLUDE (last_run_at) FROM marts.ingest_coverage ORDER BY source")
    assert rows == [("never run", 1, 0, 0, 0.0, 0, 0), ("s", 6, 3, 1, pytest.approx(4 / 6), 0, 0)]


def test_dead_letters_are_counted_now_and_as_they_stood_before_the_last_run(build: Any) -> None:
    warehouse = build()
    add_run(warehouse, "before", 0, 1)
    add_run(warehouse, "last", 100, 1)
    moments = [
        (50, 150, None),  # failed before, and again: open then and now
        (150, 150, None),  # new
        (50, 50, 150),  # resolved in the last run: open then
        (50, 50, 99),  # resolved before it
        (150, 150, 160),  # opened and resolved in it
    ]
    for moment in moments:
        warehouse.connection.execute(
            """INSERT INTO raw.dead_letters (source, kind, message, attempts, opened_at, failed_at, resolved_at)
            SELECT 's', 'k', 'm', 1, make_timestamp_ns($1), make_timestamp_ns($2), make_timestamp_ns($3)""",
            [None if at is None else START + at * 10**9 for at in moment],
        )
    columns = "source, listed_count, coverage_rate, open_letter_count, earlier_letter_count"
    assert warehouse.rows(f"SELECT {columns} FROM marts.ingest_coverage") == [("s", 0, None, 2, 2)]


def test_nothing_at_all_is_no_row(build: Any) -> None:
    warehouse = build()
    for table in ("ingest_runs", "ingest_coverage", "ingest_durations_daily", "ingest_failure_rates_daily"):
        assert warehouse.rows(f"SELECT count(*) FROM marts.{table}") == [(0,)]
