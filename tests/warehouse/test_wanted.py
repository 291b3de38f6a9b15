"""Ids asked for anew: by when they were first listed, and finished ones opened."""

import duckdb

from cce_etl.warehouse.connection import Connection, schema_sql
from cce_etl.warehouse.job_ids import IdMark, finished_ids, mark_ids, open_ids, register_ids
from cce_etl.warehouse.wanted import listed_since, reopen


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
        mark_ids(connection, "s", [IdMark("old", "finished", 1, 150), IdMark("both", "gone", 1, None)])
        assert reopen(connection, "s", ["old", "both", "new", "unknown"]) == 1
        assert finished_ids(connection, "s", ["old"]) == set()
        assert sorted(open_ids(connection, "s")) == ["new", "old", "timeless"]
        rows = connection.execute("SELECT epoch_ns(last_fetched_at), attempts FROM raw.job_ids WHERE job_id = 'old'")
        assert rows.fetchall() == [(150, 1)]
