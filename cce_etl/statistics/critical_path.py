"""The critical path of trees of intervals, which attributes each moment of a root to one node, and self times."""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain

import numpy as np

from cce_etl.statistics.arrays import IntArray
from cce_etl.statistics.forest import Forest, Siblings, runs, sort_siblings


@dataclass(frozen=True, slots=True, eq=False)
class CriticalPath:
    """The time on the critical path of its root that is attributed to each node, nanoseconds.

    Attributes:
        own_ns: To the node alone.
        total_ns: To the node and all nodes below it.
    """

    own_ns: IntArray
    total_ns: IntArray


def critical_path(forest: Forest) -> CriticalPath:
    """Attribute each moment of every timed root to one node, walking backwards from the root's end.

    A moment goes to the child that ended last by then, cut off at the moment the walk has reached; of several that are
    cut off or end together to the one that starts last, then to the first by position. A child is clipped to the
    interval that its parent has. What no child has remains the node's own, so that the own times of a tree sum to its
    root's duration. O(n log n).
    """
    is_root = forest.is_timed & (forest.parents < 0)
    lows, highs = (np.where(is_root, times, 0) for times in (forest.starts_ns, forest.ends_ns))
    siblings = sort_siblings(forest)
    for level in runs(siblings.depths):
        _attribute_exactly(_attribute_level(siblings.subset(level), lows, highs), lows, highs)
    total_ns = highs - lows
    own_ns = total_ns.copy()
    below = np.flatnonzero(forest.parents >= 0)
    np.subtract.at(own_ns, forest.parents[below], total_ns[below])
    return CriticalPath(own_ns, total_ns)


def self_times_ns(forest: Forest) -> IntArray:
    """Return how much of each timed node's time no timed child covers, nanoseconds; 0 for the others."""
    nodes = forest.timed_children()
    nodes = nodes[np.lexsort((forest.starts_ns[nodes], forest.parents[nodes]))]
    parents = forest.parents[nodes]
    lows = np.maximum(forest.starts_ns[nodes], forest.starts_ns[parents])
    highs = np.minimum(forest.ends_ns[nodes], forest.ends_ns[parents])
    # By rising starts, a child adds only what lies beyond the latest end so far. Ranks in place of times let one
    # running maximum serve all sibling groups at once, without overflow.
    times, ranks = np.unique(highs, return_inverse=True)
    latest = np.maximum.accumulate(parents * len(times) + ranks)
    covered_until = lows.copy()
    has_predecessor = np.flatnonzero(np.diff(parents, prepend=-1) == 0)
    latest_ends = times[latest[has_predecessor - 1] % max(len(times), 1)]
    covered_until[has_predecessor] = np.maximum(lows[has_predecessor], latest_ends)
    own_ns = forest.durations_ns()
    np.subtract.at(own_ns, parents, np.maximum(highs - covered_until, 0))
    return own_ns


def _attribute_level(level: Siblings, lows: IntArray, highs: IntArray) -> Siblings:
    """Write the intervals of a level's children into `lows` and `highs`; return the groups where they may be wrong.

    If only uncovered children get an interval, each gets it from its start to its end, or to the start of the one that
    the walk took before. That is wrong where a covered child runs at the moment which the walk has then reached, and
    where two children are cut off at their parent's start, of which the first by position should get the time.
    """
    low, high = lows[level.parents], highs[level.parents]
    reached = np.minimum(level.next_starts_ns, high)
    starts = np.maximum(level.starts_ns, low)
    ends = np.where(level.is_covered, starts, np.maximum(starts, np.minimum(level.ends_ns, reached)))
    lows[level.nodes], highs[level.nodes] = starts, ends
    interrupts = level.is_covered & (level.starts_ns < reached) & (level.ends_ns >= reached)
    is_cut_second = ~level.is_covered & (level.next_starts_ns <= low) & (level.ends_ns > low)
    return level.groups_of((low < high) & (interrupts | is_cut_second))


def _attribute_exactly(siblings: Siblings, lows: IntArray, highs: IntArray) -> None:
    """Write the intervals of some sibling groups, whatever their times, into `lows` and `highs`, group by group."""
    lows[siblings.nodes] = highs[siblings.nodes] = 0
    nodes, starts, ends = (times.tolist() for times in (siblings.nodes, siblings.starts_ns, siblings.ends_ns))
    groups = runs(siblings.parents)
    parents = siblings.parents[[group.start for group in groups]]
    intervals: list[int] = []
    for group, low, high in zip(groups, lows[parents].tolist(), highs[parents].tolist(), strict=True):
        _attribute_group(low, high, zip(nodes[group], starts[group], ends[group], strict=True), intervals)
    lows[intervals[::3]], highs[intervals[::3]] = intervals[1::3], intervals[2::3]


def _attribute_group(low: int, high: int, children: Iterable[tuple[int, int, int]], intervals: list[int]) -> None:
    """Append to `intervals` the node, start and end of each part of [low, high] that goes to a child.

    Args:
        low: Where the parent's interval starts.
        high: Where the parent's interval ends.
        children: Node, start and end of each child in the order of `Siblings`.
        intervals: A flat list, three numbers an interval.
    """
    reached = high
    running: list[tuple[int, int]] = []  # those that end at or after `reached`; the one that starts last on top
    for node, start, end in chain(children, [(-1, low, low)]):
        while end < reached:
            while running and -running[0][0] >= reached:
                heappop(running)
            if running:
                negative_start, taken = heappop(running)
                intervals += taken, -negative_start, reached
                reached = -negative_start
            else:
                reached = end
        if reached <= low:
            return
        if start < reached:
            heappush(running, (-max(start, low), node))
