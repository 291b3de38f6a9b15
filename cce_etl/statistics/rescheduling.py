"""What a root job would gain if some of its steps were faster: a new schedule of its tree that keeps all waits."""

from typing import Final

import numpy as np

from cce_etl.statistics.arrays import IntArray
from cce_etl.statistics.forest import Forest, chain_sums, depths_of, run_starts

# A step may start this long before the end of the sibling it waits for: the clocks of different machines differ.
TOLERANCE_NS: Final = 1_000_000_000


def saved_ns(forest: Forest, cuts_ns: IntArray) -> IntArray:
    """Return by how much each timed node would be shorter if some nodes were shorter by their cuts, nanoseconds.

    As in the critical path method with lags (Kelley and Walker 1959), each child keeps its lag behind its predecessor,
    or behind its parent's start without one, and each parent its tail behind its last child. No duration falls below 0.
    A node with a cut is shorter by its cut alone, whatever is below it.

    Args:
        forest: The trees as they ran.
        cuts_ns: By how much each node is cut, nanoseconds; 0 for most.
    """
    children, parents = forest.timed_children(), forest.parents
    previous = predecessors(forest, children)
    latest_ns = np.full(len(parents), np.iinfo(np.int64).min)
    np.maximum.at(latest_ns, parents[children], forest.ends_ns[children])
    slack_ns = np.zeros_like(forest.ends_ns)  # how long before the last of its siblings each child ended
    slack_ns[children] = latest_ns[parents[children]] - forest.ends_ns[children]
    saved = np.zeros_like(cuts_ns)
    saved[parents[children]] = forest.durations_ns()[parents[children]]
    saved = np.where(cuts_ns > 0, cuts_ns, saved)
    is_uncut = cuts_ns == 0
    indices = np.empty_like(parents)
    depths = depths_of(parents)[children]
    deepest_first = np.argsort(-depths, kind="stable")
    for level in np.split(children[deepest_first], run_starts(depths.max(initial=0) - depths[deepest_first])[1:]):
        indices[level] = np.arange(len(level))
        before = np.where(previous[level] < 0, -1, indices[previous[level]])
        earlier_ends = slack_ns[level] + chain_sums(saved[level], before)
        counts = is_uncut[parents[level]]
        np.minimum.at(saved, parents[level[counts]], earlier_ends[counts])
    return saved


def predecessors(forest: Forest, children: IntArray) -> IntArray:
    """Return the sibling that each of `children` waited for, -1 where it waited for its parent's start alone.

    It is the sibling that ended last by the child's start plus TOLERANCE_NS. Of siblings so short that each could have
    waited for the other, the one that ended later waited.
    """
    order = np.lexsort((forest.starts_ns[children], forest.ends_ns[children], forest.parents[children]))
    nodes = children[order]
    parents, indices = forest.parents[nodes], np.arange(len(nodes))
    # Ranks in place of times keep sibling groups apart in one sorted array, without overflow.
    times, ranks = np.unique(forest.ends_ns[nodes], return_inverse=True)
    latest_ranks = np.searchsorted(times, forest.starts_ns[nodes] + TOLERANCE_NS, side="right") - 1
    width = len(times) + 1
    found = np.searchsorted(parents * width + ranks + 1, parents * width + latest_ranks + 1, side="right") - 1
    found = np.minimum(found, indices - 1)
    firsts = np.zeros_like(indices)
    firsts[run_starts(parents)] = run_starts(parents)
    exists = found >= np.maximum.accumulate(firsts)
    previous = np.full(len(forest.parents), -1)
    previous[nodes[exists]] = nodes[found[exists]]
    return previous
