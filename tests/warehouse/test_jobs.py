"""core.jobs: a root's rows replaced whole, and the time it was last observed."""

from typing import Any

import msgspec
import pytest

from cce_etl.transform.flatten import JobRow, ParsedPayload, flatten, job_rows, parse_payload
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.job_ids import IdUpdate, register_ids, update_ids
from cce_etl.warehouse.jobs import bulk_loading, clear_core, replace_trees, touch_observed_at

BODY = b"""{"metadata": {"uid": "a", "creationTimestamp": "2026-02-01 08:00:00.000000001 +0000 UTC"},
    "spec": {"type": "T", "extendParam": {"k.1": "", "k-2": "v"}, "mystery": 1.50, "subJobs": [{"status": {}}, {}]}}"""


def tree(job_id: str, children: int = 2) -> ParsedPayload:
    """Return the tree of BODY under another id, with its first children."""
    whole = parse_payload(BODY.replace(b'"a"', f'"{job_id}"'.encode()))
    return msgspec.structs.replace(whole, nodes=whole.nodes[: children + 1])


def replace(connection: Connection, source: str, trees: list[ParsedPayload], loaded_before: list[str]) -> int:
    return replace_trees(connection, source, flatten(trees), loaded_before)


def changed(connection: Connection) -> list[tuple[Any, ...]]:
    """Return what is recorded as changed, and forget it."""
    recorded = connection.execute("FROM raw.changed_roots ORDER BY ALL").fetchall()
    connection.execute("TRUNCATE raw.changed_roots")
    return recorded


def rows(connection: Connection, columns: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT {columns} FROM core.jobs ORDER BY ALL").fetchall()


def test_every_column_of_a_row_comes_back_exactly(connection: Connection) -> None:
    assert replace(connection, "s", [tree("a")], []) == 3
    names = [
        f"epoch_ns({name})" if name.endswith("_at") else "extra::VARCHAR" if name == "extra" else name
        for name in JobRow.__struct_fields__
    ]
    stored = connection.execute(f"SELECT {', '.join(names)} FROM core.jobs ORDER BY path").fetchall()
    assert stored == [msgspec.structs.astuple(row) for row in job_rows(tree("a"))]
    ((root_extra, parameters),) = [(row.extra, row.extend_param) for row in job_rows(tree("a"))[:1]]
    assert (root_extra, parameters) == ('{"spec":{"mystery":1.50}}', {"k.1": "", "k-2": "v"})


def test_a_tree_replaces_the_one_before_it_and_no_other(connection: Connection) -> None:
    replace(connection, "s", [tree("a"), tree("b")], [])
    replace(connection, "t", [tree("a")], [])
    assert replace(connection, "s", [tree("a", children=1)], ["a"]) == 2
    counted = connection.execute(
        "SELECT source, root_job_id, count(*) FROM core.jobs GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert counted == [("s", "a", 2), ("s", "b", 3), ("t", "a", 3)]


def test_no_trees_write_no_rows(connection: Connection) -> None:
    assert replace(connection, "s", [], []) == 0
    assert changed(connection) == []
    assert replace(connection, "s", [], ["a"]) == 0
    assert rows(connection, "*") == []
    assert changed(connection) == [("s", "a")]


def test_the_observation_time_is_the_one_of_the_root_and_moves_alone(connection: Connection) -> None:
    register_ids(connection, "s", "list", ["a", "b"], 1)
    update_ids(connection, "s", [IdUpdate("a", "running", 1, 100), IdUpdate("b", "running", 1, 100)])
    replace(connection, "s", [tree("a", 1), tree("b", 1)], [])
    update_ids(connection, "s", [IdUpdate("a", None, 1, 200), IdUpdate("b", None, 1, 300)])
    touch_observed_at(connection, "s", ["a"])
    touch_observed_at(connection, "t", ["b"])
    touch_observed_at(connection, "s", [])
    observed = rows(connection, "root_job_id, path, epoch_ns(observed_at)")
    assert observed == [("a", "", 200), ("a", "0", 200), ("b", "", 100), ("b", "0", 100)]


def test_clearing_empties_every_source(connection: Connection) -> None:
    for source in ("s", "t"):
        replace(connection, source, [tree("a")], [])
    clear_core(connection)
    assert rows(connection, "*") == []


def test_every_tree_replaced_or_seen_later_is_recorded_as_changed_and_no_other(connection: Connection) -> None:
    register_ids(connection, "s", "list", ["a", "b"], 1)
    update_ids(connection, "s", [IdUpdate("a", "running", 1, 100), IdUpdate("b", "running", 1, 100)])
    replace(connection, "s", [tree("a"), tree("b")], [])
    assert changed(connection) == [("s", "a"), ("s", "b")]
    replace(connection, "s", [tree("a", 1)], ["a"])
    assert changed(connection) == [("s", "a")]
    update_ids(connection, "s", [IdUpdate("b", None, 1, 200)])
    touch_observed_at(connection, "s", ["a", "b", "never loaded"])
    assert changed(connection) == [("s", "b")]
    touch_observed_at(connection, "s", ["a", "b"])
    assert changed(connection) == []


def test_loading_bulk_loading_changes_no_setting_for_those_after_it(connection: Connection) -> None:
    settings = "SELECT current_setting('checkpoint_threshold'), current_setting('memory_limit')"
    ((size, memory),) = connection.execute(settings).fetchall()
    with bulk_loading(connection):
        ((size_inside, memory_inside),) = connection.execute(settings).fetchall()
    assert (size_inside != size, memory_inside != memory) == (True, True)
    assert connection.execute(settings).fetchall() == [(size, memory)]


def test_an_error_of_a_database_that_cannot_be_used_any_more_is_not_hidden(connection: Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        lose_the_database_inside(connection)


def lose_the_database_inside(connection: Connection) -> None:
    with bulk_loading(connection):
        connection.close()
        raise ZeroDivisionError
