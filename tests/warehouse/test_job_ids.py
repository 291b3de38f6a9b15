"""raw.job_ids: listing ids again and again, and how an id's state moves."""

import duckdb
import pytest

from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.job_ids import (
    IdUpdate,
    finished_ids,
    known_ids,
    listed_since,
    open_ids,
    register_ids,
    reopen,
    sources,
    update_ids,
)
from cce_etl.warehouse.migrations import schema_sql


def state(connection: Connection, job_id: str = "a") -> tuple[str, int, int | None]:
    """Return state, attempts and last_fetched_at (ns) of an id."""
    ((kept, attempts, at),) = connection.execute(
        "SELECT state, attempts, epoch_ns(last_fetched_at) FROM raw.job_ids WHERE job_id = $1", [job_id]
    ).fetchall()
    return kept, attempts, at


def test_an_id_listed_again_keeps_its_origin_and_first_listing(connection: Connection) -> None:
    register_ids(connection, "s", "first.txt", ["a", "b"], 100)
    register_ids(connection, "s", "second.txt", ["b", "c"], 200)
    rows = connection.execute(
        "SELECT job_id, origin, epoch_ns(first_listed_at), epoch_ns(last_listed_at), state FROM raw.job_ids ORDER BY 1"
    ).fetchall()
    assert rows == [
        ("a", "first.txt", 100, 100, "pending"),
        ("b", "first.txt", 100, 200, "pending"),
        ("c", "second.txt", 200, 200, "pending"),
    ]


def test_the_same_id_in_two_sources_is_two_ids(connection: Connection) -> None:
    for source in ("t", "s"):
        register_ids(connection, source, "list", ["a"], 100)
    update_ids(connection, "t", [IdUpdate("a", "finished", 1, 150)])
    assert sources(connection) == ["s", "t"]
    assert finished_ids(connection, "s", ["a"]) == set()
    assert finished_ids(connection, "t", ["a", "never listed"]) == {"a"}
    assert open_ids(connection, "s") == known_ids(connection, "t") == ["a"]


def test_open_ids_are_pending_or_running_oldest_listing_first(connection: Connection) -> None:
    register_ids(connection, "s", "list", ["z", "gone", "dead", "done"], 100)
    register_ids(connection, "s", "list", ["b", "a"], 200)
    marks = [IdUpdate("z", "running", 1, 300), IdUpdate("gone", "gone", 1, None), IdUpdate("dead", "dead", 1, None)]
    update_ids(connection, "s", [*marks, IdUpdate("done", "finished", 1, 300)])
    assert open_ids(connection, "s") == ["z", "a", "b"]
    assert known_ids(connection, "s") == ["a", "b", "dead", "done", "gone", "z"]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([("running", 1, 100), ("finished", 2, 200)], ("finished", 3, 200)),
        # a failure that may pass says nothing of the state
        ([(None, 6, None)], ("pending", 6, None)),
        ([("running", 1, 100), (None, 6, None)], ("running", 7, 100)),
        ([("dead", 1, None)], ("dead", 1, None)),
        # a job that was seen does not die of one bad answer
        ([("running", 1, 100), ("dead", 1, None)], ("running", 2, 100)),
        ([("gone", 1, None)], ("gone", 1, None)),
        ([("running", 1, 100), ("gone", 1, None)], ("gone", 2, 100)),
        # answered again: it lives again
        ([("gone", 1, None), ("running", 1, 100)], ("running", 2, 100)),
        ([("dead", 1, None), ("finished", 1, 100)], ("finished", 2, 100)),
        # seen unchanged, as gone before: at least running, whatever its tree says is for the next change
        ([("gone", 1, None), (None, 1, 100)], ("running", 2, 100)),
        # an older observation that arrives late does not turn the time back
        ([("running", 1, 200), (None, 1, 100)], ("running", 2, 200)),
    ],
)
def test_marks_move_an_id(
    connection: Connection,
    marks: list[tuple[str | None, int, int | None]],
    expected: tuple[str, int, int | None],
) -> None:
    register_ids(connection, "s", "list", ["a", "other"], 50)
    for mark in marks:
        update_ids(connection, "s", [IdUpdate("a", *mark)])
    assert state(connection) == expected
    assert state(connection, "other") == ("pending", 0, None)


def test_nothing_to_mark_or_to_register_is_fine(connection: Connection) -> None:
    register_ids(connection, "s", "list", [], 50)
    update_ids(connection, "s", [])
    assert known_ids(connection, "s") == []


def _warehouse() -> Connection:
    connection = duckdb.connect()
    connection.execute(schema_sql())
    register_ids(connection, "s", "list", ["old", "both"], 100)
    register_ids(connection, "s", "list", ["both", "new"], 200)
    register_ids(connection, "other", "list", ["foreign"], 300)
    register_ids(connection, "s", "load", ["timeless"], None)
    return connection


def test_ids_are_found_by_their_first_listing_whatever_came_later() -> None:
    with _warehouse() as connection:
        assert listed_since(connection, "s", 100) == ["both", "new", "old"]
        assert listed_since(connection, "s", 101) == ["new"]
        assert listed_since(connection, "s", 201) == []


def test_a_finished_job_is_open_again_and_others_stay_as_they_are() -> None:
    with _warehouse() as connection:
        update_ids(connection, "s", [IdUpdate("old", "finished", 1, 150), IdUpdate("both", "gone", 1, None)])
        assert reopen(connection, "s", ["old", "both", "new", "unknown"]) == 1
        assert finished_ids(connection, "s", ["old"]) == set()
        assert sorted(open_ids(connection, "s")) == ["new", "old", "timeless"]
        rows = connection.execute("SELECT epoch_ns(last_fetched_at), attempts FROM raw.job_ids WHERE job_id = 'old'")
        assert rows.fetchall() == [(150, 1)]
