"""Where trees are counted: nested roots, chains and cycles."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cce_etl.models.model import read_checks, sql_directory

PLACEMENTS = """SELECT root_job_id, is_nested, top_root_job_id, path_prefix, depth_offset
FROM core.root_placements ORDER BY source, root_job_id"""
# A path may carry a suffix where two jobs claim it.
MISPLACED = """SELECT placements.* FROM core.root_placements AS placements
LEFT JOIN marts.steps AS steps
    ON placements.source = steps.source AND placements.top_root_job_id = steps.root_job_id
    AND placements.root_job_id = steps.job_id AND placements.path_prefix = split_part(steps.path, '~', 1)
WHERE placements.is_nested AND steps.source IS NULL"""
# What is counted and measured over the steps follows from these.
CHECKS = [
    check
    for check in read_checks(sql_directory())
    if check.table in ("core.jobs", "core.failure_causes", "marts.steps", "marts.root_jobs")
]


def test_a_root_that_stands_nowhere_else_is_its_own_top(node: Any, build: Any) -> None:
    assert build(node("a", node("b"))).rows(PLACEMENTS) == [("a", False, "a", "", 0)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_root_inside_another_tree_is_nested_whatever_came_first(node: Any, build: Any, order: Any) -> None:
    trees = [node("x", node("leaf")), node("r", node("a"), node("b", node("x")))]
    expected = [("r", False, "r", "", 0), ("x", True, "r", "1/0", 2)]
    assert build(*(trees[index] for index in order)).rows(PLACEMENTS) == expected


def test_the_same_id_in_another_source_nests_nothing(node: Any, build: Any) -> None:
    warehouse = build(node("x"), others={"t": (node("r", node("x")),)})
    assert warehouse.rows(PLACEMENTS) == [("x", False, "x", "", 0), ("r", False, "r", "", 0)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_of_shallow_trees_ends_at_its_top(node: Any, build: Any, order: Any) -> None:
    trees = [node("q", node("a"), node("r")), node("r", node("x")), node("x", node("leaf"))]
    expected = [("q", False, "q", "", 0), ("r", True, "q", "1", 1), ("x", True, "q", "1/0", 2)]
    assert build(*(trees[index] for index in order)).rows(PLACEMENTS) == expected


def test_a_direct_place_in_the_top_tree_wins_over_one_through_a_chain(node: Any, build: Any) -> None:
    warehouse = build(node("q", node("r"), node("x")), node("r", node("x")), node("x"))
    assert warehouse.rows(PLACEMENTS)[2] == ("x", True, "q", "1", 1)


def test_of_two_roots_inside_each_other_the_smaller_id_stays(node: Any, build: Any) -> None:
    warehouse = build(node("b", node("a")), node("a", node("b")))
    assert warehouse.rows(PLACEMENTS) == [("a", False, "a", "", 0), ("b", True, "a", "0", 1)]


def test_a_longer_cycle_keeps_its_smallest_id_and_places_the_others_below(node: Any, build: Any) -> None:
    warehouse = build(node("c", node("b")), node("a", node("c")), node("b", node("a")))
    expected = [("a", False, "a", "", 0), ("b", True, "a", "0/0", 2), ("c", True, "a", "0", 1)]
    assert warehouse.rows(PLACEMENTS) == expected


def test_a_cycle_inside_a_further_tree_is_nested_as_a_whole(node: Any, build: Any) -> None:
    warehouse = build(node("a", node("b")), node("b", node("a")), node("q", node("b")))
    expected = [("a", True, "q", "0/0", 2), ("b", True, "q", "0", 1), ("q", False, "q", "", 0)]
    assert warehouse.rows(PLACEMENTS) == expected


def test_of_several_places_the_smallest_top_then_the_smallest_path_is_taken(node: Any, build: Any) -> None:
    warehouse = build(node("t", node("x")), node("r", node("a"), node("x"), node("x")), node("x"))
    assert warehouse.rows(PLACEMENTS)[2] == ("x", True, "r", "1", 1)


def test_a_root_in_no_other_tree_is_a_top_before_one_of_a_cycle(node: Any, build: Any) -> None:
    warehouse = build(node("a", node("b"), node("x")), node("b", node("a")), node("x"), node("z", node("x")))
    assert warehouse.rows(PLACEMENTS)[2] == ("x", True, "z", "0", 1)


def test_a_root_that_repeats_in_its_own_tree_is_not_nested(node: Any, build: Any) -> None:
    assert build(node("x", node("x"))).rows(PLACEMENTS) == [("x", False, "x", "", 0)]


@settings(max_examples=25, deadline=None, database=None)
@example(trees={"a": [["b"]], "b": [["a", ""]]})
@given(
    trees=st.dictionaries(
        st.sampled_from("abcde"), st.lists(st.lists(st.sampled_from(["", *"abcdefgh"]), max_size=3), max_size=3)
    )
)
def test_however_trees_hold_each_other_no_check_of_trees_fails(
    node: Callable[..., Any], build: Callable[..., Any], trees: dict[str, list[list[str]]]
) -> None:
    roots = [node(name, *(_branch(node, ids) for ids in branches if ids)) for name, branches in trees.items()]
    warehouse = build(*roots)
    assert [(check.name, rows) for check in CHECKS if (rows := warehouse.rows(check.sql))] == []
    assert warehouse.rows("SELECT count(*) FROM core.root_placements") == [(len(trees),)]
    assert warehouse.rows(MISPLACED) == []


def _branch(node: Callable[..., Any], ids: list[str]) -> Any:
    return node(ids[0], *([_branch(node, ids[1:])] if ids[1:] else []))
