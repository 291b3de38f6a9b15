"""New schedules of small trees by hand, then of random ones against a schedule computed forwards, node by node."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.statistics.forest import Forest
from cce_etl.statistics.rescheduling import TOLERANCE_NS, predecessors, saved_ns

HALF_SECOND = TOLERANCE_NS // 2


def forest_of(*nodes: tuple[int, int, int]) -> Forest:
    """Make a forest of (parent, start, end), half seconds; a node that ends before it starts is not timed."""
    parents, starts, ends = (np.array(column, np.int64) for column in zip(*nodes, strict=True))
    return Forest(parents, starts * HALF_SECOND, ends * HALF_SECOND, starts <= ends)


def saved(nodes: list[tuple[int, int, int]], **cuts: int) -> list[int]:
    """Return what each node saves, half seconds; `cuts` are named n0, n1, ..."""
    cuts_ns = np.array([cuts.get(f"n{node}", 0) for node in range(len(nodes))], np.int64) * HALF_SECOND
    return [int(one) // HALF_SECOND for one in saved_ns(forest_of(*nodes), cuts_ns)]


SEQUENCE = [(-1, 0, 100), (0, 0, 40), (0, 42, 90)]
LANES = [(-1, 0, 100), (0, 0, 90), (0, 0, 60)]


def test_a_later_step_moves_up_with_the_one_it_waited_for() -> None:
    assert saved(SEQUENCE, n1=30) == [30, 30, 0]
    assert saved(SEQUENCE, n1=30, n2=8) == [38, 30, 8]


def test_a_parallel_lane_bounds_what_is_saved() -> None:
    assert saved(LANES, n1=20) == [20, 20, 0]
    assert saved(LANES, n1=50) == [30, 50, 0]
    assert saved(LANES, n2=50) == [0, 0, 50]


def test_a_nested_step_saves_for_its_parent_and_all_after_it() -> None:
    nodes = [(-1, 0, 100), (0, 0, 50), (1, 10, 45), (0, 51, 99)]
    assert saved(nodes, n2=20) == [20, 20, 20, 0]


def test_a_cut_parent_is_shorter_by_its_own_cut_alone() -> None:
    nodes = [(-1, 0, 100), (0, 0, 90), (1, 0, 80)]
    assert saved(nodes, n1=10, n2=70) == [10, 10, 70]


def test_a_step_waits_for_a_sibling_that_ends_at_most_a_second_after_its_start() -> None:
    within, beyond = [(-1, 0, 50), (0, 0, 22), (0, 20, 50)], [(-1, 0, 50), (0, 0, 23), (0, 20, 50)]
    assert saved(within, n1=10)[0] == 10
    assert saved(beyond, n1=10)[0] == 0


def test_of_siblings_that_could_wait_for_each_other_the_one_that_ends_later_waits() -> None:
    nodes = [(-1, 0, 9), (0, 0, 2), (0, 1, 2), (0, 1, 1)]
    forest = forest_of(*nodes)
    assert predecessors(forest, forest.timed_children()).tolist() == [-1, 3, 1, -1]


def test_no_duration_falls_below_zero() -> None:
    assert saved([(-1, 0, 10), (0, 0, 90)], n1=80) == [10, 80]


def test_steps_that_are_not_timed_change_nothing() -> None:
    assert saved([(-1, 0, 10), (0, 9, 3), (1, 0, 9), (0, 2, 8)], n2=5, n3=4) == [4, 0, 5, 4]


def test_no_job_saves_nothing() -> None:
    empty = np.array([], np.int64)
    assert saved_ns(Forest(empty, empty, empty, np.array([], np.bool_)), empty).tolist() == []


@dataclass
class Schedule:
    """The new times of every node of a forest in half seconds, each computed from those before it."""

    nodes: list[tuple[int, int, int]]
    cuts: list[int]
    new_ends: dict[int, int] = field(default_factory=dict)

    def put(self, node: int, new_start: int) -> int:
        """Start a node at `new_start`, all below it after that; return its new end."""
        _, start, end = self.nodes[node]
        children = [child for child, (parent, low, high) in enumerate(self.nodes) if parent == node and low <= high]
        if not children or self.cuts[node]:
            return new_start + end - start - self.cuts[node]
        before: list[int] = []
        for child in sorted(children, key=lambda one: (self.nodes[one][2], self.nodes[one][1], one)):
            ready = [one for one in before if self.nodes[one][2] <= self.nodes[child][1] + 2]
            lag = self.nodes[child][1] - (self.nodes[ready[-1]][2] if ready else start)
            self.new_ends[child] = self.put(child, (self.new_ends[ready[-1]] if ready else new_start) + lag)
            before.append(child)
        tail = end - max(self.nodes[child][2] for child in children)
        return max(new_start, max(self.new_ends[child] for child in children) + tail)


@settings(max_examples=500, deadline=None)
@given(st.integers(1, 12).flatmap(lambda size: st.binary(min_size=4 * size, max_size=4 * size)))
def test_a_schedule_computed_forwards_saves_the_same(data: bytes) -> None:
    nodes, cuts = [], []
    for index in range(len(data) // 4):
        above, start, length, cut = data[4 * index : 4 * index + 4]
        nodes.append((above % index if index else -1, start % 24, start % 24 + length % 20 - index % 3))
        cuts.append(cut // 8 % max(1, length % 20 - index % 3 + 1) if cut % 2 else 0)
    if nodes[0][1] <= nodes[0][2]:
        schedule = Schedule(nodes, cuts)
        expected = nodes[0][2] - schedule.put(0, nodes[0][1])
        assert saved(nodes, **{f"n{node}": cut for node, cut in enumerate(cuts)})[0] == expected
