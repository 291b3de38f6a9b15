"""raw.dead_letters and raw.fetch_runs: one open letter a job and kind, none ever deleted."""

from typing import Any

from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.dead_letters import DeadLetter, record_dead_letters, resolve_dead_letters


def letters(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        """
        SELECT job_id, kind, message, attempts, epoch_ns(failed_at), epoch_ns(resolved_at)
        FROM raw.dead_letters ORDER BY ALL
        """
    ).fetchall()


def letter(job_id: str | None, kind: str, message: str = "m", failed_at: int = 10, attempts: int = 1) -> DeadLetter:
    return DeadLetter(job_id=job_id, kind=kind, message=message, failed_at=failed_at, attempts=attempts)


def test_the_same_failure_again_adds_its_tries_to_the_open_letter(connection: Connection) -> None:
    record_dead_letters(connection, "s", [letter("a", "throttled", "first", 10, 6)])
    record_dead_letters(connection, "s", [letter("a", "throttled", "second", 20, 3)])
    assert letters(connection) == [("a", "throttled", "second", 9, 20, None)]


def test_another_kind_another_job_and_another_source_are_letters_of_their_own(connection: Connection) -> None:
    record_dead_letters(connection, "s", [letter("a", "throttled"), letter("a", "forbidden"), letter("b", "throttled")])
    record_dead_letters(connection, "t", [letter("a", "throttled")])
    assert len(letters(connection)) == 4


def test_records_without_a_job_are_told_apart_by_their_message(connection: Connection) -> None:
    for _ in range(2):
        record_dead_letters(
            connection, "s", [letter(None, "invalid_json", "f:1: x"), letter(None, "invalid_json", "f:2: x")]
        )
    assert [(row[2], row[3]) for row in letters(connection)] == [("f:1: x", 2), ("f:2: x", 2)]


def test_a_job_that_came_through_resolves_all_its_letters_and_fails_anew_in_a_new_one(connection: Connection) -> None:
    record_dead_letters(
        connection, "s", [letter("a", "throttled"), letter("a", "wrong_type"), letter("b", "wrong_type")]
    )
    resolve_dead_letters(connection, "s", ["a"], 30)
    resolve_dead_letters(connection, "s", ["a"], 40)
    assert letters(connection) == [
        ("a", "throttled", "m", 1, 10, 30),
        ("a", "wrong_type", "m", 1, 10, 30),
        ("b", "wrong_type", "m", 1, 10, None),
    ]
    record_dead_letters(connection, "s", [letter("a", "throttled", failed_at=50)])
    assert ("a", "throttled", "m", 1, 50, None) in letters(connection)
    assert len(letters(connection)) == 4


def test_letters_of_another_source_are_not_resolved(connection: Connection) -> None:
    record_dead_letters(connection, "s", [letter("a", "throttled")])
    resolve_dead_letters(connection, "t", ["a"], 30)
    assert letters(connection)[0][-1] is None
