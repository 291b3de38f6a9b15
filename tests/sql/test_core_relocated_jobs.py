"""Steps that only a nested root's own tree has, and where they are placed."""

from typing import Any

import pytest

STEPS = "SELECT root_job_id, path, depth, job_id, parent_path, is_leaf FROM marts.steps ORDER BY root_job_id, path"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_deeper_steps_of_a_nested_root_hang_below_its_place(node: Any, build: Any, order: Any) -> None:
    trees = [node("r", node("a"), node("x")), node("x", node("y", node("z")))]
    warehouse = build(*(trees[index] for index in order))
    assert warehouse.rows(STEPS) == [
        ("r", "0", 1, "a", "", True),
        ("r", "1", 1, "x", "", False),
        ("r", "1/0", 2, "y", "1", False),
        ("r", "1/0/0", 3, "z", "1/0", True),
    ]
    assert warehouse.rows("SELECT job_id, step_count, max_depth FROM marts.root_jobs") == [("r", 4, 3)]


def test_steps_that_both_trees_hold_are_counted_once(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("x", node("y", phase="Running"))), node("x", node("y", phase="Success")))
    phases = warehouse.rows("SELECT job_id, phase, core_root_job_id, core_path FROM marts.steps ORDER BY path")
    assert phases == [("x", "Success", "r", "0"), ("y", "Running", "r", "0/0")]


def test_a_relocated_step_keeps_the_key_of_its_row_in_core(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("x")), node("x", node("y")))
    keys = warehouse.rows("SELECT core_root_job_id, core_path FROM marts.steps WHERE job_id = 'y'")
    assert keys == [("x", "0")]


def test_a_chain_of_shallow_trees_becomes_one_tree(node: Any, build: Any) -> None:
    warehouse = build(node("x", node("leaf")), node("r", node("x")), node("q", node("r")))
    assert warehouse.rows("SELECT path, job_id FROM marts.steps ORDER BY path") == [
        ("0", "r"),
        ("0/0", "x"),
        ("0/0/0", "leaf"),
    ]


def test_a_relocated_step_whose_path_is_taken_gets_one_of_its_own(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("x", node("a"))), node("x", node("b"), node("a")))
    places = warehouse.rows("SELECT path, job_id, parent_path, parent_job_id FROM marts.steps ORDER BY path")
    assert places == [("0", "x", "", "r"), ("0/0", "a", "0", "x"), ("0/0~2", "b", "0", "x")]


def test_a_step_without_a_uid_is_recognised_by_its_place(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("x", node(""))), node("x", node(""), node("")))
    assert warehouse.rows("SELECT path, job_id FROM marts.steps ORDER BY path") == [
        ("0", "x"),
        ("0/0", "r/0/0"),
        ("0/1", "x/1"),
    ]


def test_a_step_repeated_in_a_nested_tree_moves_as_often(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("x")), node("x", node("y"), node("y")))
    assert warehouse.rows("SELECT path FROM marts.steps WHERE job_id = 'y' ORDER BY path") == [("0/0",), ("0/1",)]
