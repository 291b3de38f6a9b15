"""Trees of intervals as arrays: many trees at once, without recursion, however deep or wide.

Lives here: their form, levels, runs of siblings, sums along chains. Does not: what is asked of them (`critical_path`,
`rescheduling`).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Forest:
    """Hold trees of intervals, one entry per node: every parent before its children, siblings by path.

    `parents` are positions, -1 for a root; times are nanoseconds. A node that is not `is_timed` (it lacks a time, or
    ends before it starts) may hold any times: it is left out, with all that is below it.
    """

    parents: Ints
    starts_ns: Ints
    ends_ns: Ints
    is_timed: Flags

    def durations_ns(self) -> Ints:
        """Return end less start of every timed node, nanoseconds; 0 for the others."""
        return np.where(self.is_timed, self.ends_ns - self.starts_ns, 0)

    def children(self) -> Ints:
        """Return the timed nodes below timed parents."""
        nodes = np.flatnonzero(self.is_timed & (self.parents >= 0))
        return nodes[self.is_timed[self.parents[nodes]]]

    def part(self, is_kept: Flags) -> "Forest":
        """Return the trees whose nodes are all kept, positions counted anew."""
        positions = np.cumsum(is_kept) - 1
        parents = self.parents[is_kept]
        parents = np.where(parents < 0, -1, positions[parents])
        return Forest(parents, self.starts_ns[is_kept], self.ends_ns[is_kept], self.is_timed[is_kept])


def first_of_each(groups: Ints) -> Ints:
    """Return where each run of equal numbers begins; the numbers are 0 or more, equal ones stand together."""
    return np.flatnonzero(np.diff(groups, prepend=-1))


def runs(groups: Ints) -> list[slice]:
    """Return the place of each run of equal numbers, in order; the numbers as `first_of_each` takes them."""
    return [slice(first, end) for first, end in pairwise([*first_of_each(groups).tolist(), len(groups)])]


def last_a_level_higher(levels: Ints) -> Ints:
    """Return for each row the last one before it that is of the level above; its own position where there is none."""
    found = np.arange(len(levels))
    order = np.argsort(levels, kind="stable")
    for above, below in pairwise(runs(levels[order])):
        higher, lower = order[above], order[below]
        places = np.searchsorted(higher, lower) - 1
        is_found = (places >= 0) & (levels[higher[0]] + 1 == levels[lower[0]])
        found[lower[is_found]] = higher[places[is_found]]
    return found


def depths(parents: Ints) -> Ints:
    """Return how far below its root each node stands, 0 for a root. O(n log depth)."""
    return chain_sums((parents >= 0).astype(np.int64), parents)


def chain_sums(values: Ints, previous: Ints) -> Ints:
    """Return each entry's value plus those of all entries before it in its chain.

    `previous` is a position, -1 at the start of a chain; chains may merge but never close. O(n log n) by pointer
    doubling (Wyllie, 1979): each round doubles how far every entry has looked back.
    """
    sums, reach = values.copy(), previous.copy()
    while (open_ends := np.flatnonzero(reach >= 0)).size:
        ahead = reach[open_ends]
        sums[open_ends] += sums[ahead]
        reach[open_ends] = reach[ahead]
    return sums
