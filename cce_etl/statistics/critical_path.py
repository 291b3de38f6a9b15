"""The critical path of trees of intervals: to which node each moment of a root's time is owed; and self times.

Lives here: walks over whole forests in integer nanoseconds. Does not: what would change if a step were faster
(`rescheduling`), tables (`computed`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from cce_etl.statistics.forest import Forest, Ints, first_of_each


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
    starts, ends = forest.starts_ns.tolist(), forest.ends_ns.tolist()
    is_root = forest.is_timed & (forest.parents < 0)
    lows, highs = (np.where(is_root, times, 0).tolist() for times in (forest.starts_ns, forest.ends_ns))
    for parent, children in _families(forest):
        if lows[parent] < highs[parent]:
            _share(lows[parent], highs[parent], children, starts, ends, lows, highs)
    total_ns = np.array(highs, np.int64) - np.array(lows, np.int64)
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


def _families(forest: Forest) -> Iterator[tuple[int, list[int]]]:
    """Yield every timed parent, those above first, with its timed children, the one that ends last first."""
    nodes = forest.children()
    nodes = nodes[np.lexsort((-forest.ends_ns[nodes], forest.parents[nodes]))]
    firsts = first_of_each(forest.parents[nodes])
    children, bounds = nodes.tolist(), [*firsts.tolist(), len(nodes)]
    for index, parent in enumerate(forest.parents[nodes[firsts]].tolist()):
        yield parent, children[bounds[index] : bounds[index + 1]]


def _share(
    low: int,
    high: int,
    children: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    lows: list[int],
    highs: list[int],
) -> None:
    """Write into `lows` and `highs` which parts of [low, high] are owed to which children."""
    reached = high
    running: list[tuple[int, int]] = []  # end at or after `reached`, the one that starts last on top
    for child in [*children, None]:
        end = low if child is None else ends[child]
        while end < reached:
            while running and -running[0][0] >= reached:
                heappop(running)
            if running:
                start, taken = heappop(running)
                lows[taken], highs[taken] = -start, reached
                reached = -start
            else:
                reached = end
        if child is None or reached <= low:
            return
        if starts[child] < reached:
            heappush(running, (-max(starts[child], low), child))
