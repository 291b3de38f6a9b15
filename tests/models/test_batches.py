"""Batches of changed trees: linked trees together, of bounded size, in storage order."""

from collections.abc import Iterator

import duckdb
import pytest

from cce_etl.models import batches
from cce_etl.models.batches import Worker, plan_batches, root_column, select_batch
from cce_etl.models.model import Model
from cce_etl.warehouse.migrations import schema_sql

STEPS = Model("marts.steps", "", "", "source, root_job_id, path", {"job_id": "its id"}, frozenset())
ROOTS = "SELECT batch, string_agg(root_job_id, ' ' ORDER BY root_job_id) FROM batches GROUP BY batch ORDER BY batch"


@pytest.fixture
def worker() -> Iterator[Worker]:
    with duckdb.connect() as connection:
        connection.execute(schema_sql())
        connection.execute("CREATE TABLE marts.steps (source VARCHAR, root_job_id VARCHAR, job_id VARCHAR)")
        connection.execute("ATTACH ':memory:' AS passing; USE passing; CREATE SCHEMA core; CREATE SCHEMA marts")
        yield Worker(connection, "memory", "passing")


def store(worker: Worker, root: str, *others: str, is_changed: bool = True) -> None:
    """Write a tree of a root and other jobs below it."""
    for ordinal, job_id in enumerate((root, *others)):
        worker.connection.execute(
            """
            INSERT INTO memory.core.jobs (source, job_id, root_job_id, path, depth, ordinal, is_leaf, has_uid)
            VALUES ('s', $1, $2, $3, 1, $3, true, true)
            """,
            [job_id, root, ordinal],
        )
    if is_changed:
        worker.connection.execute("INSERT INTO memory.raw.changed_roots VALUES ('s', $1)", [root])


def planned(worker: Worker) -> list[tuple[int, str]]:
    plan_batches(worker, [STEPS])
    return worker.connection.execute(ROOTS).fetchall()


def test_a_batch_ends_when_its_rows_are_enough(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 4)
    for root in ("a", "b", "c", "d", "e"):
        store(worker, root, f"{root}-1")
    assert planned(worker) == [(0, "a b"), (1, "c d"), (2, "e")]


def test_trees_linked_through_others_stay_together(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 1)
    for tree in ("ax", "b", "cxy", "d", "ey", "fz", "gz"):
        store(worker, *tree)
    assert [roots for _, roots in planned(worker)] == ["a c e", "b", "d", "f g"]


def test_a_tree_that_did_not_change_is_taken_only_with_one_that_shares_an_id(worker: Worker) -> None:
    store(worker, "a", "x")
    store(worker, "b", "x", "y", is_changed=False)
    store(worker, "c", "y", is_changed=False)
    store(worker, "d", "z", is_changed=False)
    assert planned(worker) == [(0, "a b c")]


def test_a_tree_that_once_shared_an_id_is_taken_too(worker: Worker) -> None:
    store(worker, "a", "x")
    store(worker, "b", "y", is_changed=False)
    worker.connection.execute("INSERT INTO memory.marts.steps VALUES ('s', 'a', 'y')")
    assert planned(worker) == [(0, "a b")]


def test_the_same_id_in_another_source_is_another_job(worker: Worker) -> None:
    store(worker, "a", "x")
    store(worker, "b", "x", is_changed=False)
    worker.connection.execute("UPDATE memory.core.jobs SET source = 't' WHERE root_job_id = 'b'")
    assert planned(worker) == [(0, "a")]


def test_a_root_without_rows_is_in_a_batch_so_that_it_can_be_forgotten(worker: Worker) -> None:
    worker.connection.execute("INSERT INTO memory.raw.changed_roots VALUES ('s', 'left')")
    assert planned(worker) == [(0, "left")]


def test_a_batch_is_all_rows_of_its_trees_wherever_they_stand(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    for root, other in (("a", "1"), ("b", "2"), ("c", "3"), ("a", "4")):
        store(worker, root, other)
    found = []
    for batch in plan_batches(worker, [STEPS]):
        select_batch(worker, batch)
        found.append(worker.connection.execute("SELECT job_id FROM core.jobs ORDER BY ALL").fetchall())
    assert [[job_id for (job_id,) in rows] for rows in found] == [["1", "4", "a", "a"], ["2", "b"], ["3", "c"]]


def test_the_tree_of_a_models_row_is_named_by_the_second_column_of_its_grain() -> None:
    assert root_column(STEPS) == "root_job_id"
