"""What is old in raw: found by when it was replaced, resolved or started, and deleted by its whole key."""

import pytest

from cce_etl.transform.versions import Payload, PayloadCompressor
from cce_etl.warehouse import retention
from cce_etl.warehouse.check_runs import record_check_run
from cce_etl.warehouse.connection import Connection, storage_of
from cce_etl.warehouse.job_ids import record_id_list
from cce_etl.warehouse.payloads import append_payloads, read_payloads
from cce_etl.warehouse.retention import (
    delete_id_lists_and_check_runs,
    delete_payloads,
    delete_resolved_dead_letters,
    delete_runs,
    superseded_payloads,
)


def payload(job_id: str, body: bytes, fetched_at: int | None, dialect: str = "v3") -> Payload:
    return PayloadCompressor().payload(job_id, dialect, fetched_at, body)


def add_runs(connection: Connection, source: str, starts: range) -> None:
    connection.execute(
        """INSERT INTO raw.fetch_runs SELECT range::VARCHAR, $1, 'run', make_timestamp_ns(range), NULL,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL FROM range($2, $3)""",
        [source, starts.start, starts.stop],
    )


def test_a_payload_is_old_when_another_replaced_it_before_the_moment(connection: Connection) -> None:
    append_payloads(connection, "s", [payload("a", b"1", 10), payload("a", b"2", 20), payload("a", b"3", 30)])
    append_payloads(connection, "s", [payload("a", b"4", 10, "v2"), payload("b", b"5", 5), payload("c", b"6", None)])
    append_payloads(connection, "s", [payload("c", b"7", 1), payload("c", b"8", 2)])
    append_payloads(connection, "t", [payload("a", b"9", 1), payload("a", b"0", 2)])

    def found(before: int) -> list[tuple[str, str, int | None]]:
        return [(one.source, one.key.job_id, one.key.fetched_at) for one in superseded_payloads(connection, before)]

    # Replaced at 20 and 30; at 2; at 2. The only v2 of a, the only one of b and the one of unknown time are none.
    assert found(31) == [("s", "a", 10), ("s", "a", 20), ("s", "c", 1), ("t", "a", 1)]
    assert found(30) == found(21) == [("s", "a", 10), ("s", "c", 1), ("t", "a", 1)]
    assert found(20) == [("s", "c", 1), ("t", "a", 1)]
    assert found(2) == []


def test_only_the_payload_of_the_whole_key_is_deleted(connection: Connection) -> None:
    kept = [payload("a", b"1", 11), payload("a", b"2", 10), payload("a", b"1", 10, "v2"), payload("b", b"1", 10)]
    for source in ("s", "t"):
        append_payloads(connection, source, [payload("a", b"1", 10), *kept])
    delete_payloads(connection, "s", [payload("a", b"1", 10)])
    delete_payloads(connection, "s", [])
    assert len(read_payloads(connection, "s", ["a", "b"])) == len(kept)
    assert payload("a", b"1", 10) not in read_payloads(connection, "s", ["a"])
    assert len(read_payloads(connection, "t", ["a", "b"])) == len(kept) + 1


def test_letters_go_by_when_they_were_resolved_and_open_ones_never(connection: Connection) -> None:
    connection.execute(
        """INSERT INTO raw.dead_letters (source, job_id, kind, message, attempts, failed_at, resolved_at)
        VALUES ('s', 'old', 'k', 'm', 1, make_timestamp_ns(1), make_timestamp_ns(9)),
            ('s', 'new', 'k', 'm', 1, make_timestamp_ns(1), make_timestamp_ns(10)),
            ('s', 'open', 'k', 'm', 1, make_timestamp_ns(1), NULL)"""
    )
    assert delete_resolved_dead_letters(connection, 10) == 1
    left = connection.execute("SELECT job_id FROM raw.dead_letters ORDER BY 1").fetchall()
    assert left == [("new",), ("open",)]


def test_runs_go_by_when_they_started_but_the_last_ones_of_a_source_stay(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert retention.RUNS_KEPT == 400
    monkeypatch.setattr(retention, "RUNS_KEPT", 3)
    add_runs(connection, "s", range(10))
    add_runs(connection, "t", range(2))
    assert delete_runs(connection, 5) == 5  # 0 to 4 of s; t has but two
    assert delete_runs(connection, 100) == 2  # 5 and 6
    left = connection.execute("SELECT source, run_id FROM raw.fetch_runs ORDER BY ALL").fetchall()
    assert left == [("s", "7"), ("s", "8"), ("s", "9"), ("t", "0"), ("t", "1")]


def test_lists_and_gates_of_old_runs_go(connection: Connection) -> None:
    for at in (9, 10):
        record_id_list(connection, f"run {at}", "s", "ids.txt", at, 0)
        record_check_run(connection, f"run {at}", "loaded", at, [])
    delete_id_lists_and_check_runs(connection, 10)
    for table in ("raw.id_lists", "raw.check_runs"):
        assert connection.execute(f"SELECT run_id FROM {table}").fetchall() == [("run 10",)]


def test_what_deleted_rows_left_is_merged_when_asked_and_never_by_a_write(connection: Connection) -> None:
    def row_group_count() -> int:
        ((count,),) = connection.execute(
            "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('kept')"
        ).fetchall()
        return int(count)

    connection.execute("CREATE TABLE kept AS SELECT range AS number FROM range(6 * 122_880)")
    connection.execute("CHECKPOINT")
    connection.execute("DELETE FROM kept WHERE number % 10 > 0")
    connection.execute("CHECKPOINT")
    assert row_group_count() == 6
    storage_of(connection).reuse_deleted_space(connection)
    assert row_group_count() == 1
    assert connection.execute("SELECT count(*), sum(number) FROM kept").fetchall() == [(73_728, 10 * 73_727 * 36_864)]
    assert connection.execute("SELECT current_setting('max_vacuum_tasks')").fetchall() == [(0,)]
