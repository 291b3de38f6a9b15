"""Trees of intervals as arrays: many trees at once, without recursion, however deep or wide."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final

import numpy as np

from cce_etl.statistics.arrays import BoolArray, IntArray

# Later than any start; stands for the next start where there is none.
NEVER_NS: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees of intervals, one entry a node: every parent before its children, siblings by path.

    Attributes:
        parents: The position of each node's parent, -1 for a root.
        starts_ns: When each node starts, nanoseconds.
        ends_ns: When each node ends, nanoseconds.
        is_timed: Whether a node has both times and does not end before it starts. One that is not timed may have any
            times; it is left out with all nodes below it.
    """

    parents: IntArray
    starts_ns: IntArray
    ends_ns: IntArray
    is_timed: BoolArray

    def durations_ns(self) -> IntArray:
        """Return end less start of every timed node, nanoseconds; 0 for the others."""
        return np.where(self.is_timed, self.ends_ns - self.starts_ns, 0)

    def timed_children(self) -> IntArray:
        """Return the positions of the timed nodes below timed parents."""
        nodes = np.flatnonzero(self.is_timed & (self.parents >= 0))
        return nodes[self.is_timed[self.parents[nodes]]]

    def subset(self, is_kept: BoolArray) -> "Forest":
        """Return the trees whose nodes are all kept, with positions counted anew."""
        positions = np.cumsum(is_kept) - 1
        parents = self.parents[is_kept]
        parents = np.where(parents < 0, -1, positions[parents])
        return Forest(parents, self.starts_ns[is_kept], self.ends_ns[is_kept], self.is_timed[is_kept])


@dataclass(frozen=True, slots=True, eq=False)
class Siblings:
    """The timed children of timed parents, whole sibling groups, in the order of a walk backwards in time.

    Groups of lower depth come first. In a group the child that ends last comes first; of those that end together the
    one that starts last, then the first by position.

    Attributes:
        depths: How far below its root each child is.
        parents: The position of each child's parent in the forest.
        nodes: The position of each child in the forest.
        starts_ns: When each child starts, nanoseconds.
        ends_ns: When each child ends, nanoseconds.
        is_covered: Whether a child before it in its group starts no later.
        next_starts_ns: The earliest start after its own of those of its group that are not covered, or NEVER_NS.
    """

    depths: IntArray
    parents: IntArray
    nodes: IntArray
    starts_ns: IntArray
    ends_ns: IntArray
    is_covered: BoolArray
    next_starts_ns: IntArray

    def subset(self, kept: slice | BoolArray) -> "Siblings":
        """Return some of the sibling groups."""
        return Siblings(*(getattr(self, field.name)[kept] for field in fields(self)))

    def groups_of(self, is_chosen: BoolArray) -> "Siblings":
        """Return the whole sibling groups of the chosen children."""
        firsts = run_starts(self.parents)
        sizes = np.diff(firsts, append=len(self.parents))
        return self.subset(np.repeat(np.logical_or.reduceat(is_chosen, firsts), sizes))


def sort_siblings(forest: Forest) -> Siblings:
    """Return every timed child of a timed parent with its siblings. O(n log n)."""
    nodes = forest.timed_children()
    # The complement ~ reverses the order, and unlike a minus it cannot overflow.
    nodes = nodes[np.argsort(~forest.starts_ns[nodes], kind="stable")]
    ranks = np.cumsum(np.diff(forest.starts_ns[nodes], prepend=0) != 0)
    depths = depths_of(forest.parents)
    order = np.lexsort((~forest.ends_ns[nodes], forest.parents[nodes], depths[nodes]))
    nodes = nodes[order]
    parents, starts_ns = forest.parents[nodes], forest.starts_ns[nodes]
    is_covered, next_starts_ns = _covered(parents, starts_ns, ranks[order])
    return Siblings(depths[nodes], parents, nodes, starts_ns, forest.ends_ns[nodes], is_covered, next_starts_ns)


def _covered(parents: IntArray, starts_ns: IntArray, ranks: IntArray) -> tuple[BoolArray, IntArray]:
    """Return `is_covered` and `next_starts_ns` of sorted siblings; their ranks rise as their starts fall."""
    # Ranks in place of times let one running maximum and one search serve all groups at once, without overflow.
    floors = np.cumsum(np.diff(parents, prepend=-1) != 0) * (len(parents) + 1)
    keys = floors + ranks
    is_covered = np.diff(np.maximum.accumulate(keys), prepend=-1) == 0
    uncovered = np.flatnonzero(~is_covered)
    # In a group each uncovered child starts before the uncovered one in front of it, which has the next start.
    previous = np.cumsum(~is_covered) - 2
    previous[is_covered] = np.searchsorted(keys[uncovered], keys[is_covered]) - 1
    found = uncovered[previous]
    exists = (previous >= 0) & (keys[found] >= floors)
    return is_covered, np.where(exists, starts_ns[found], NEVER_NS)


def run_starts(numbers: IntArray) -> IntArray:
    """Return where each run of equal numbers begins; the numbers are 0 or more."""
    return np.flatnonzero(np.diff(numbers, prepend=-1))


def runs(numbers: IntArray) -> list[slice]:
    """Return the position of each run of equal numbers, in order; the numbers are 0 or more."""
    return [slice(first, end) for first, end in pairwise([*run_starts(numbers).tolist(), len(numbers)])]


def preorder_parents(depths: IntArray) -> IntArray:
    """Return for each row the last row before it that is one level higher; its own position where there is none.

    That is its parent where every node comes directly before all nodes below it, as in a walk in preorder.
    """
    found = np.arange(len(depths))
    order = np.argsort(depths, kind="stable")
    for above, below in pairwise(runs(depths[order])):
        higher, lower = order[above], order[below]
        indices = np.searchsorted(higher, lower) - 1
        exists = (indices >= 0) & (depths[higher[0]] + 1 == depths[lower[0]])
        found[lower[exists]] = higher[indices[exists]]
    return found


def depths_of(parents: IntArray) -> IntArray:
    """Return how far below its root each node is, 0 for a root. O(n log depth)."""
    return chain_sums((parents >= 0).astype(np.int64), parents)


def chain_sums(values: IntArray, previous: IntArray) -> IntArray:
    """Return each entry's value plus those of all entries before it in its chain.

    O(n log n) by pointer doubling: each round doubles how far every entry has looked back (Wyllie 1979, "The Complexity
    of Parallel Computations").

    Args:
        values: One value an entry.
        previous: The position of the entry before each, -1 at the start of a chain. Chains may merge but not close.
    """
    sums, reach = values.copy(), previous.copy()
    while (open_ends := np.flatnonzero(reach >= 0)).size:
        ahead = reach[open_ends]
        sums[open_ends] += sums[ahead]
        reach[open_ends] = reach[ahead]
    return sums
