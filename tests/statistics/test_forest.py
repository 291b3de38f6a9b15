"""Forests as arrays: families, parts, sums along chains."""

import numpy as np

from cce_etl.statistics.forest import Forest, chain_sums, depths, first_of_each, last_a_level_higher, runs


def integers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def test_chains_are_summed_from_their_start_and_may_merge() -> None:
    assert chain_sums(integers(1, 10, 100, 1000), integers(-1, 0, 1, 1)).tolist() == [1, 11, 111, 1011]


def test_a_chain_of_a_hundred_thousand_is_summed() -> None:
    assert chain_sums(np.ones(100_000, np.int64), np.arange(-1, 99_999))[-1] == 100_000


def test_no_chain_is_no_sum() -> None:
    assert chain_sums(integers(), integers()).tolist() == []


def test_the_last_a_level_higher_stands_before_and_no_level_is_skipped() -> None:
    assert last_a_level_higher(integers(0, 1, 2, 2, 1, 2, 0, 1)).tolist() == [0, 0, 1, 1, 0, 4, 6, 6]
    assert last_a_level_higher(integers(2, 1, 0, 3)).tolist() == [0, 1, 2, 0]
    assert last_a_level_higher(integers(0, 2)).tolist() == [0, 1]
    assert last_a_level_higher(integers()).tolist() == []


def test_runs_begin_where_the_number_changes() -> None:
    assert first_of_each(integers(0, 0, 3, 3, 3, 7)).tolist() == [0, 2, 5]
    assert first_of_each(integers()).tolist() == []
    assert runs(integers(0, 0, 3, 3, 3, 7)) == [slice(0, 2), slice(2, 5), slice(5, 6)]
    assert runs(integers()) == []


def test_depths_count_from_each_root() -> None:
    assert depths(integers(-1, 0, 1, 1, 0, -1, 5)).tolist() == [0, 1, 2, 2, 1, 0, 1]


def test_durations_and_children_leave_out_what_is_not_timed() -> None:
    is_timed = np.array([True, False, True, True])
    forest = Forest(integers(-1, 0, 1, 0), integers(0, 0, 0, 1), integers(9, 9, 9, 5), is_timed)
    assert forest.durations_ns().tolist() == [9, 0, 9, 4]
    assert forest.children().tolist() == [3]


def test_a_part_counts_its_positions_anew() -> None:
    forest = Forest(
        integers(-1, 0, -1, 2), integers(0, 1, 2, 3), integers(5, 6, 7, 8), np.array([True, True, True, False])
    )
    part = forest.part(np.array([False, False, True, True]))
    assert part.parents.tolist() == [-1, 0]
    assert (part.starts_ns.tolist(), part.ends_ns.tolist(), part.is_timed.tolist()) == ([2, 3], [7, 8], [True, False])
