"""Forests as arrays: levels, siblings, parts, sums along chains."""

import numpy as np

from cce_etl.statistics.forest import (
    NEVER_NS,
    Forest,
    Siblings,
    chain_sums,
    depths_of,
    preorder_parents,
    run_starts,
    runs,
    sort_siblings,
)


def integers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def test_chains_are_summed_from_their_start_and_may_merge() -> None:
    assert chain_sums(integers(1, 10, 100, 1000), integers(-1, 0, 1, 1)).tolist() == [1, 11, 111, 1011]


def test_a_chain_of_a_hundred_thousand_is_summed() -> None:
    assert chain_sums(np.ones(100_000, np.int64), np.arange(-1, 99_999))[-1] == 100_000


def test_no_chain_is_no_sum() -> None:
    assert chain_sums(integers(), integers()).tolist() == []


def test_a_parent_in_preorder_is_the_last_row_one_level_higher() -> None:
    assert preorder_parents(integers(0, 1, 2, 2, 1, 2, 0, 1)).tolist() == [0, 0, 1, 1, 0, 4, 6, 6]
    assert preorder_parents(integers(2, 1, 0, 3)).tolist() == [0, 1, 2, 0]
    assert preorder_parents(integers(0, 2)).tolist() == [0, 1]
    assert preorder_parents(integers()).tolist() == []


def test_runs_begin_where_the_number_changes() -> None:
    assert run_starts(integers(0, 0, 3, 3, 3, 7)).tolist() == [0, 2, 5]
    assert run_starts(integers()).tolist() == []
    assert runs(integers(0, 0, 3, 3, 3, 7)) == [slice(0, 2), slice(2, 5), slice(5, 6)]
    assert runs(integers()) == []


def test_depths_count_from_each_root() -> None:
    assert depths_of(integers(-1, 0, 1, 1, 0, -1, 5)).tolist() == [0, 1, 2, 2, 1, 0, 1]


def test_durations_and_children_leave_out_what_is_not_timed() -> None:
    is_timed = np.array([True, False, True, True])
    forest = Forest(integers(-1, 0, 1, 0), integers(0, 0, 0, 1), integers(9, 9, 9, 5), is_timed)
    assert forest.durations_ns().tolist() == [9, 0, 9, 4]
    assert forest.timed_children().tolist() == [3]


def test_a_part_counts_its_positions_anew() -> None:
    forest = Forest(
        integers(-1, 0, -1, 2), integers(0, 1, 2, 3), integers(5, 6, 7, 8), np.array([True, True, True, False])
    )
    part = forest.subset(np.array([False, False, True, True]))
    assert part.parents.tolist() == [-1, 0]
    assert (part.starts_ns.tolist(), part.ends_ns.tolist(), part.is_timed.tolist()) == ([2, 3], [7, 8], [True, False])


def siblings_of(*nodes: tuple[int, int, int]) -> Siblings:
    """Sort a forest of (parent, start, end); a node that ends before it starts is not timed."""
    parents, starts, ends = (np.array(column, np.int64) for column in zip(*nodes, strict=True))
    return sort_siblings(Forest(parents, starts, ends, starts <= ends))


def test_the_child_that_ends_last_comes_first_then_the_later_start_then_the_first_place() -> None:
    nodes = siblings_of((-1, 0, 9), (0, 1, 5), (0, 0, 7), (0, 2, 5), (0, 3, 2), (0, 1, 5)).nodes
    assert nodes.tolist() == [2, 3, 1, 5]


def test_lower_depths_come_first_and_siblings_stay_together() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 0, 4), (1, 0, 1), (0, 4, 9), (3, 4, 9), (1, 1, 4))
    assert siblings.nodes.tolist() == [3, 1, 5, 2, 4]
    assert siblings.depths.tolist() == [1, 1, 2, 2, 2]
    assert siblings.parents.tolist() == [0, 0, 1, 1, 3]


def test_a_child_is_covered_by_a_sibling_that_ends_no_earlier_and_starts_no_later() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 5, 9), (0, 0, 8), (0, 2, 7), (0, 0, 8), (-1, 0, 9), (5, 6, 7))
    assert siblings.nodes.tolist() == [1, 2, 4, 3, 6]
    assert siblings.is_covered.tolist() == [False, False, True, True, False]


def test_the_next_start_is_that_of_a_sibling_not_covered() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 5, 9), (0, 0, 8), (0, 2, 7), (0, 6, 7), (-1, 0, 9), (5, 3, 6))
    assert siblings.nodes.tolist() == [1, 2, 4, 3, 6]
    assert siblings.next_starts_ns.tolist() == [NEVER_NS, 5, NEVER_NS, 5, NEVER_NS]


def test_whole_sibling_groups_are_taken() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 5, 9), (0, 0, 5), (-1, 0, 9), (3, 0, 9))
    assert siblings.groups_of(np.array([False, True, False])).nodes.tolist() == [1, 2]
    assert siblings.groups_of(np.array([False, False, False])).nodes.tolist() == []


def test_no_children_are_no_sibling_groups() -> None:
    siblings = siblings_of((-1, 0, 9), (0, 9, 3))
    assert (siblings.nodes.tolist(), siblings.is_covered.tolist(), siblings.next_starts_ns.tolist()) == ([], [], [])
    assert siblings.subset(slice(0, 0)).parents.tolist() == []


def test_the_earliest_and_the_latest_times_do_not_overflow() -> None:
    first, last = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    siblings = siblings_of((-1, first, first + 9), (0, first, first), (0, first, first + 5), (0, last - 5, last))
    assert siblings.nodes.tolist() == [3, 2, 1]
    assert siblings.next_starts_ns.tolist() == [NEVER_NS, last - 5, last - 5]
