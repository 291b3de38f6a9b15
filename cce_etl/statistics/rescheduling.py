"""What a root job would gain if some of its steps were faster: its tree put on a new schedule, waits kept.

Lives here: who waits for whom, and what a cut saves up to the root, in integer nanoseconds. Does not: which steps are
slow and what they would take instead (sql/), tables (`computed`).
"""

import numpy as np

from cce_etl.statistics.forest import Forest, Ints, chain_sums, first_of_each

# A step may start this long before the sibling ends that it waits for: clocks of different machines are not that exact.
TOLERANCE_NS = 1_000_000_000


def saved_ns(forest: Forest, cuts_ns: Ints) -> Ints:
    """Return by how much each timed node would be shorter if some nodes were cut by `cuts_ns`, nanoseconds.

    Each child keeps its lag behind its predecessor or else behind its parent's start, each parent its tail behind its
    last child; none gets shorter than nothing. A node with a cut is shorter by that alone, whatever is below it.
    """
    children = forest.children()
    parents = forest.parents
    previous = predecessors(forest, children)
    slack_ns = _slack_ns(forest, children)
    saved = np.zeros_like(cuts_ns)
    saved[parents[children]] = forest.durations_ns()[parents[children]]
    saved = np.where(cuts_ns > 0, cuts_ns, saved)
    is_open = cuts_ns == 0
    places = np.empty_like(parents)
    for level in _levels_from_below(forest, children):
        places[level] = np.arange(len(level))
        before = np.where(previous[level] < 0, -1, places[previous[level]])
        ends_earlier = slack_ns[level] + chain_sums(saved[level], before)
        is_heard = is_open[parents[level]]
        np.minimum.at(saved, parents[level[is_heard]], ends_earlier[is_heard])
    return saved


def predecessors(forest: Forest, children: Ints) -> Ints:
    """Return the sibling that each of `children` waited for, -1 where it waited for its parent's start alone.

    It is the sibling that ended last by the child's start and the tolerance; of siblings so short that each could have
    waited for the other, by the order of their ends.
    """
    order = np.lexsort((forest.starts_ns[children], forest.ends_ns[children], forest.parents[children]))
    nodes = children[order]
    parents, indices = forest.parents[nodes], np.arange(len(nodes))
    # Ranks in place of times keep families apart in one sorted array, without overflow.
    times, ranks = np.unique(forest.ends_ns[nodes], return_inverse=True)
    latest_ranks = np.searchsorted(times, forest.starts_ns[nodes] + TOLERANCE_NS, side="right") - 1
    width = len(times) + 1
    found = np.searchsorted(parents * width + ranks + 1, parents * width + latest_ranks + 1, side="right") - 1
    found = np.minimum(found, indices - 1)
    firsts = np.zeros_like(indices)
    firsts[first_of_each(parents)] = first_of_each(parents)
    is_found = found >= np.maximum.accumulate(firsts)
    previous = np.full(len(forest.parents), -1)
    previous[nodes[is_found]] = nodes[found[is_found]]
    return previous


def _slack_ns(forest: Forest, children: Ints) -> Ints:
    """Return how long before the last of its siblings each child ended, nanoseconds."""
    parents, ends_ns = forest.parents[children], forest.ends_ns[children]
    latest_ns = np.full(len(forest.parents), np.iinfo(np.int64).min)
    np.maximum.at(latest_ns, parents, ends_ns)
    slack_ns = np.zeros_like(forest.ends_ns)
    slack_ns[children] = latest_ns[parents] - ends_ns
    return slack_ns


def _levels_from_below(forest: Forest, children: Ints) -> list[Ints]:
    """Return the children of each depth, the deepest first."""
    depths = chain_sums((forest.parents >= 0).astype(np.int64), forest.parents)[children]
    order = np.argsort(-depths, kind="stable")
    return np.split(children[order], first_of_each(depths.max(initial=0) - depths[order])[1:])
