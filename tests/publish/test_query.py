"""Reading the published file, and how the warehouse stands."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cce_etl.errors import CceEtlError, WarehouseError
from cce_etl.publish.query import open_published, query
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.dead_letters import DeadLetter, record_dead_letters, resolve_dead_letters
from cce_etl.warehouse.job_ids import IdUpdate, register_ids, update_ids
from cce_etl.warehouse.status import read_status

EXACT = "2026-02-01 08:00:00.123456789"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Connection]:
    path = tmp_path / "published.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT TIMESTAMP_NS '{EXACT}' AS moment, 1 AS number")
    with open_published(path) as connection:
        yield connection


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT moment FROM t", EXACT),
        ("SELECT [moment] FROM t", [EXACT]),
        ("SELECT [[moment], NULL] FROM t", [[EXACT], None]),
        ("SELECT array_value(moment, moment) FROM t", (EXACT, EXACT)),
        ("SELECT {'a b': moment, 'timestamp_ns': 1} FROM t", {"a b": EXACT, "timestamp_ns": 1}),
        ("SELECT MAP {moment: [moment]} FROM t", {EXACT: [EXACT]}),
        ("SELECT max(moment) FROM t;; -- the 'last'; one", EXACT),
        ("SELECT 'é;', moment FROM t -- ü;", "é;"),
        ("WITH x AS (FROM t) SELECT moment FROM x ORDER BY number LIMIT 1", EXACT),
        ("FROM t SELECT moment", EXACT),
        ("SELECT NULL::TIMESTAMP_NS", None),
    ],
)
def test_times_are_exact_wherever_they_stand_in_a_value(reader: Connection, sql: str, value: object) -> None:
    ((first, *_),) = query(reader, sql).rows
    assert first == value


def test_two_results_of_one_connection_can_be_read_in_turn(reader: Connection) -> None:
    first, second = query(reader, "FROM range(3)"), query(reader, "SELECT moment, number FROM t")
    assert next(first.rows) == (0,)
    assert list(second.rows) == [(EXACT, 1)]
    assert list(first.rows) == [(1,), (2,)]


def test_columns_keep_their_names_whatever_they_are(reader: Connection) -> None:
    result = query(reader, 'SELECT moment AS "a""b", moment AS "a""b", number AS "select" FROM t')
    assert result.columns == ['a"b', 'a"b', "select"]
    assert list(result.rows) == [(EXACT, EXACT, 1)]


@pytest.mark.parametrize("sql", ["SELECT x FROM t", "SELEC", "INSERT INTO t VALUES (NULL, 2)", "SELECT moment FROM"])
def test_a_query_that_fails_is_an_error_in_duckdbs_words(reader: Connection, sql: str) -> None:
    with pytest.raises(CceEtlError, match=r"The query failed: \w+( \w+)* Error: "):
        query(reader, sql)


def test_a_query_that_fails_while_it_is_read_is_an_error_too(reader: Connection) -> None:
    result = query(reader, "SELECT CASE WHEN range < 300000 THEN 1 ELSE error('too far') END FROM range(400000)")
    # Another thread of the query may be the first to tell that it was stopped.
    with pytest.raises(CceEtlError, match=r"too far|Interrupted"):
        list(result.rows)


def test_a_published_file_that_is_missing_or_no_database_is_a_warehouse_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="There is no published file"), open_published(tmp_path / "nowhere"):
        pass
    (tmp_path / "notes").write_bytes(b"notes" * 5_000)
    with pytest.raises(WarehouseError, match="is not a DuckDB file"), open_published(tmp_path / "notes"):
        pass


def test_the_status_of_an_empty_warehouse_is_all_nothing(connection: Connection) -> None:
    status = read_status(connection)
    assert (status.coverage.ids_asked, status.states, status.failures, status.runs) == (0, [], [], [])
    assert status.table_rows == {"core.jobs": 0}


def test_the_status_counts_states_and_open_failures_a_source(connection: Connection) -> None:
    register_ids(connection, "s", "list", ["a", "b", "c"], 1)
    register_ids(connection, "t", "list", ["a"], 1)
    update_ids(connection, "s", [IdUpdate("a", "finished", 1, 5), IdUpdate("b", "dead", 1, None)])
    letter = DeadLetter(job_id="b", kind="wrong_type", message="expected text", failed_at=5)
    unnamed = DeadLetter(job_id=None, kind="invalid_json", message="f:2: no JSON", failed_at=5)
    resolved = DeadLetter(job_id="a", kind="throttled", message="fewer", failed_at=5)
    record_dead_letters(connection, "s", [letter, unnamed, resolved])
    resolve_dead_letters(connection, "s", ["a"], 6)
    status = read_status(connection)
    assert [(one.source, one.state, one.id_count) for one in status.states] == [
        ("s", "dead", 1),
        ("s", "finished", 1),
        ("s", "pending", 1),
        ("t", "pending", 1),
    ]
    assert [(one.kind, one.letter_count, one.example) for one in status.failures] == [
        ("invalid_json", 1, "f:2: no JSON"),
        ("wrong_type", 1, "b: expected text"),
    ]
