"""The critical path of trees of intervals: to which node each moment of a root's time is owed; and self times.

Lives here: walks over whole forests in integer nanoseconds. Does not: what would change if a step were faster
(`rescheduling`), tables (`computed`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain

import numpy as np

from cce_etl.statistics.families import Siblings, sort_siblings
from cce_etl.statistics.forest import Forest, Ints, runs


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """Hold what each node has of its root's critical path, nanoseconds: alone, and with all that is below it."""

    own_ns: Ints
    total_ns: Ints


def walk(forest: Forest) -> CriticalPath:
    """Walk every timed root backwards from its end: each moment is owed to the child that ended last by then.

    A child counts clipped to the interval its parent is owed. Of several the one that ends last is taken, cut off at
    the moment the walk has reached; then the one that starts last; then the first by position. What no child holds is
    the node's own, so that the own parts of a tree sum exactly to its root's duration. O(n log n).
    """
    is_root = forest.is_timed & (forest.parents < 0)
    lows, highs = (np.where(is_root, times, 0) for times in (forest.starts_ns, forest.ends_ns))
    siblings = sort_siblings(forest)
    for level in runs(siblings.depths):
        doubtful = _share_at_once(siblings.part(level), lows, highs)
        _share_one_by_one(doubtful, lows, highs)
    total_ns = highs - lows
    own_ns = total_ns.copy()
    below = np.flatnonzero(forest.parents >= 0)
    np.subtract.at(own_ns, forest.parents[below], total_ns[below])
    return CriticalPath(own_ns, total_ns)


def self_times_ns(forest: Forest) -> Ints:
    """Return each timed node's own time that no timed child covers, nanoseconds; 0 for the others."""
    nodes = forest.children()
    nodes = nodes[np.lexsort((forest.starts_ns[nodes], forest.parents[nodes]))]
    parents = forest.parents[nodes]
    lows = np.maximum(forest.starts_ns[nodes], forest.starts_ns[parents])
    highs = np.minimum(forest.ends_ns[nodes], forest.ends_ns[parents])
    # By rising starts, only what lies beyond the latest end so far is new. Ranks instead of times, so that one running
    # maximum serves all families at once and cannot overflow.
    times, ranks = np.unique(highs, return_inverse=True)
    latest = np.maximum.accumulate(parents * len(times) + ranks)
    covered_until = lows.copy()
    follows = np.flatnonzero(np.diff(parents, prepend=-1) == 0)
    covered_until[follows] = np.maximum(lows[follows], times[latest[follows - 1] % max(len(times), 1)])
    own_ns = forest.durations_ns()
    np.subtract.at(own_ns, parents, np.maximum(highs - covered_until, 0))
    return own_ns


def _share_at_once(level: Siblings, lows: Ints, highs: Ints) -> Siblings:
    """Write into `lows` and `highs` what the children of a level are owed; return the families where that may be wrong.

    Where only uncovered children are owed anything, the walk takes them in their order, each from its end, or from the
    start of the one taken before, back to its own start. A covered child gets in between if it runs at the moment the
    walk has then reached; and of two that are both cut off at their parent's start, the first by position is taken.
    """
    low, high = lows[level.parents], highs[level.parents]
    reached = np.minimum(level.next_starts_ns, high)
    starts = np.maximum(level.starts_ns, low)
    ends = np.where(level.is_covered, starts, np.maximum(starts, np.minimum(level.ends_ns, reached)))
    lows[level.nodes], highs[level.nodes] = starts, ends
    gets_between = level.is_covered & (level.starts_ns < reached) & (level.ends_ns >= reached)
    is_cut_second = ~level.is_covered & (level.next_starts_ns <= low) & (level.ends_ns > low)
    return level.families((low < high) & (gets_between | is_cut_second))


def _share_one_by_one(siblings: Siblings, lows: Ints, highs: Ints) -> None:
    """Write into `lows` and `highs` what the children of some families are owed, whatever their times."""
    lows[siblings.nodes] = highs[siblings.nodes] = 0
    nodes, starts, ends = (times.tolist() for times in (siblings.nodes, siblings.starts_ns, siblings.ends_ns))
    families = runs(siblings.parents)
    parents = siblings.parents[[family.start for family in families]]
    owed: list[int] = []
    for family, low, high in zip(families, lows[parents].tolist(), highs[parents].tolist(), strict=True):
        _share(low, high, zip(nodes[family], starts[family], ends[family], strict=True), owed)
    lows[owed[::3]], highs[owed[::3]] = owed[1::3], owed[2::3]


def _share(low: int, high: int, children: Iterable[tuple[int, int, int]], owed: list[int]) -> None:
    """Append to `owed` which parts of [low, high] go to which of the (node, start, end): node, since and until."""
    reached = high
    running: list[tuple[int, int]] = []  # end at or after `reached`, the one that starts last on top
    for node, start, end in chain(children, [(-1, low, low)]):
        while end < reached:
            while running and -running[0][0] >= reached:
                heappop(running)
            if running:
                negative_start, taken = heappop(running)
                owed += taken, -negative_start, reached
                reached = -negative_start
            else:
                reached = end
        if reached <= low:
            return
        if start < reached:
            heappush(running, (-max(start, low), node))
