"""Families: their order, who lies within whom, and where the walk comes from."""

import numpy as np

from cce_etl.statistics.families import NEVER_NS, Siblings, sort_siblings
from cce_etl.statistics.forest import Forest


def siblings_of(*nodes: tuple[int, int, int]) -> Siblings:
    """Sort a forest of (parent, start, end); a node that ends before it starts is not timed."""
    parents, starts, ends = (np.array(column, np.int64) for column in zip(*nodes, strict=True))
    return sort_siblings(Forest(parents, starts, ends, starts <= ends))


def test_the_child_that_ends_last_comes_first_then_the_later_start_then_the_first_place() -> None:
    nodes = siblings_of((-1, 0, 9), (0, 1, 5), (0, 0, 7), (0, 2, 5), (0, 3, 2), (0, 1, 5)).nodes
    assert nodes.tolist() == [2, 3, 1, 5]


def test_levels_come_from_above_and_families_stay_together() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 0, 4), (1, 0, 1), (0, 4, 9), (3, 4, 9), (1, 1, 4))
    assert siblings.nodes.tolist() == [3, 1, 5, 2, 4]
    assert siblings.depths.tolist() == [1, 1, 2, 2, 2]
    assert siblings.parents.tolist() == [0, 0, 1, 1, 3]


def test_a_child_is_covered_by_one_of_its_family_that_ends_no_earlier_and_starts_no_later() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 5, 9), (0, 0, 8), (0, 2, 7), (0, 0, 8), (-1, 0, 9), (5, 6, 7))
    assert siblings.nodes.tolist() == [1, 2, 4, 3, 6]
    assert siblings.is_covered.tolist() == [False, False, True, True, False]


def test_the_next_start_is_that_of_a_sibling_not_covered() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 5, 9), (0, 0, 8), (0, 2, 7), (0, 6, 7), (-1, 0, 9), (5, 3, 6))
    assert siblings.nodes.tolist() == [1, 2, 4, 3, 6]
    assert siblings.next_starts_ns.tolist() == [NEVER_NS, 5, NEVER_NS, 5, NEVER_NS]


def test_whole_families_are_taken() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 5, 9), (0, 0, 5), (-1, 0, 9), (3, 0, 9))
    assert siblings.families(np.array([False, True, False])).nodes.tolist() == [1, 2]
    assert siblings.families(np.array([False, False, False])).nodes.tolist() == []


def test_no_children_are_no_families() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 9, 3))
    assert (siblings.nodes.tolist(), siblings.is_covered.tolist(), siblings.next_starts_ns.tolist()) == ([], [], [])
    assert siblings.part(slice(0, 0)).parents.tolist() == []


def test_the_earliest_and_the_latest_times_do_not_overflow() -> None:
    first, last = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    siblings = siblings_of((-1, first, first + 9), (0, first, first), (0, first, first + 5), (0, last - 5, last))
    assert siblings.nodes.tolist() == [3, 2, 1]
    assert siblings.next_starts_ns.tolist() == [NEVER_NS, last - 5, last - 5]
