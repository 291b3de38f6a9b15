"""Critical paths of small trees by hand, then of ten thousand trees against the definition step by step."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.statistics.critical_path import critical_path, self_times_ns
from cce_etl.statistics.forest import Forest

TREES = 10


def forest_of(*nodes: tuple[int, int, int]) -> Forest:
    """Make a forest of (parent, start, end); a node that ends before it starts is not timed."""
    parents, starts, ends = (np.array(column, np.int64) for column in zip(*nodes, strict=True))
    return Forest(parents, starts, ends, starts <= ends)


def own_times(*nodes: tuple[int, int, int]) -> list[int]:
    return [int(one) for one in critical_path(forest_of(*nodes)).own_ns]


def test_consecutive_steps_have_their_own_time() -> None:
    assert own_times((-1, 0, 10), (0, 0, 4), (0, 4, 9)) == [1, 4, 5]


def test_of_parallel_steps_the_one_that_ends_last_has_the_time() -> None:
    assert own_times((-1, 0, 10), (0, 0, 6), (0, 2, 10)) == [0, 2, 8]


def test_of_steps_that_end_together_the_later_start_wins_then_the_first_position() -> None:
    assert own_times((-1, 0, 10), (0, 0, 10), (0, 3, 10)) == [0, 3, 7]
    assert own_times((-1, 0, 10), (0, 2, 10), (0, 2, 10)) == [2, 8, 0]


def test_steps_that_start_before_their_parent_tie_at_its_start() -> None:
    assert own_times((-1, 5, 10), (0, 0, 9), (0, 3, 9)) == [1, 4, 0]


def test_a_step_within_another_has_the_time_before_a_third_began() -> None:
    assert own_times((-1, 0, 10), (0, 5, 10), (0, 0, 9), (0, 2, 8)) == [0, 5, 2, 3]


def test_a_step_within_another_has_the_end_of_a_parent_that_both_outlast() -> None:
    assert own_times((-1, 0, 10), (0, 0, 14), (0, 4, 12)) == [0, 4, 6]
    assert own_times((-1, 0, 10), (0, 0, 14), (0, 4, 9)) == [0, 10, 0]


def test_a_gap_is_the_parents_own() -> None:
    assert own_times((-1, 0, 20), (0, 2, 5), (0, 9, 15)) == [11, 3, 6]


def test_a_step_is_clipped_to_the_interval_of_its_parent() -> None:
    path = critical_path(forest_of((-1, 0, 10), (0, -5, 30), (1, 20, 25), (1, 8, 12)))
    assert path.own_ns.tolist() == [0, 8, 0, 2]
    assert path.total_ns.tolist() == [10, 10, 0, 2]


def test_an_empty_step_has_no_time() -> None:
    assert own_times((-1, 0, 10), (0, 5, 5), (0, 10, 10)) == [10, 0, 0]


def test_a_node_that_is_not_timed_is_skipped_with_all_below_it() -> None:
    assert own_times((-1, 0, 10), (0, 9, 3), (1, 0, 10)) == [10, 0, 0]
    assert own_times((-1, 9, 3), (0, 0, 10)) == [0, 0]


def test_self_time_is_what_no_child_covers_even_off_the_critical_path() -> None:
    nodes = ((-1, 0, 20), (0, -3, 4), (0, 2, 6), (0, 10, 12), (0, 19, 25), (0, 30, 40))
    assert self_times_ns(forest_of(*nodes)).tolist() == [11, 7, 4, 2, 6, 10]
    assert self_times_ns(forest_of((-1, 9, 3), (0, 0, 5), (1, 1, 2))).tolist() == [0, 4, 1]


def test_a_thousand_levels_and_a_hundred_thousand_siblings_have_a_critical_path() -> None:
    chain = forest_of((-1, 0, 5_000), *((level, level, 5_000 - level) for level in range(1_000)))
    assert critical_path(chain).own_ns.tolist() == [0, *[2] * 999, 3_002]
    starts = np.arange(100_000) * 10
    wide = Forest(
        np.append(-1, np.zeros(100_000, np.int64)),
        np.append(0, starts),
        np.append(10 * 100_000, starts + 15),
        np.ones(100_001, np.bool_),
    )
    assert critical_path(wide).own_ns.tolist() == [0, *[10] * 100_000]
    assert self_times_ns(wide)[0] == 0


def test_a_hundred_thousand_siblings_within_one_another_have_a_critical_path() -> None:
    starts = np.arange(100_000)
    nested = Forest(
        np.append(-1, np.zeros(100_000, np.int64)),
        np.append(0, starts),
        np.append(200_000, 300_000 - starts),
        np.ones(100_001, np.bool_),
    )
    assert critical_path(nested).own_ns.tolist() == [0, *[1] * 99_999, 100_001]


@dataclass
class Reference:
    """The definition of the critical path, step by step, on a forest of small times."""

    nodes: list[tuple[int, int, int]]
    own: dict[int, int] = field(default_factory=dict)

    def attribute(self, node: int, low: int, high: int) -> None:
        """Attribute [low, high] to a node and its children."""
        winsorized = [
            (max(start, low), min(end, high), child)
            for child, (parent, start, end) in enumerate(self.nodes)
            if parent == node and start <= end
        ]
        pending = [one for one in winsorized if one[0] < one[1]]
        self.own[node] = 0
        reached = high
        while candidates := [one for one in pending if one[0] < reached]:
            start, end, child = min(candidates, key=lambda one: (-min(one[1], reached), -one[0], one[2]))
            end = min(end, reached)
            self.own[node] += reached - end
            self.attribute(child, start, end)
            reached = start
        self.own[node] += reached - low

    def uncovered(self, node: int) -> int:
        """Count the units of time of a node that lie in no child."""
        _, low, high = self.nodes[node]
        children = [(start, end) for parent, start, end in self.nodes if parent == node and start <= end]
        return sum(not any(start <= unit < end for start, end in children) for unit in range(low, high))


def read_trees(data: bytes) -> list[tuple[int, int, int]]:
    """Read trees of equal size out of bytes, three to a node: parent, start, length (sometimes below 0)."""
    nodes: list[tuple[int, int, int]] = []
    size = len(data) // 3 // TREES
    for tree in range(TREES):
        for index in range(size):
            above, start, length = data[3 * (tree * size + index) :][:3]
            parent = tree * size + above % index if index else -1
            nodes.append((parent, start % 12, start % 12 + length % 11 - 1))
    return nodes


@settings(max_examples=1_000, deadline=None)
@given(st.integers(1, 10).flatmap(lambda size: st.binary(min_size=3 * TREES * size, max_size=3 * TREES * size)))
def test_ten_thousand_trees_have_the_critical_path_of_the_definition(data: bytes) -> None:
    nodes = read_trees(data)
    forest, reference = forest_of(*nodes), Reference(nodes)
    path = critical_path(forest)
    roots = [node for node, (parent, start, end) in enumerate(nodes) if parent < 0 and start <= end]
    for root in roots:
        reference.attribute(root, *nodes[root][1:])
    assert path.own_ns.tolist() == [reference.own.get(node, 0) for node in range(len(nodes))]
    assert path.own_ns.sum() == sum(nodes[root][2] - nodes[root][1] for root in roots)
    assert path.total_ns[roots].tolist() == [nodes[root][2] - nodes[root][1] for root in roots]
    assert self_times_ns(forest).tolist() == [reference.uncovered(node) for node in range(len(nodes))]
