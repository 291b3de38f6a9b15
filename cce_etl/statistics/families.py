"""Children by level and family, in the order in which a walk backwards in time meets them.

Lives here: that order, and who of a family lies within whom. Does not: what each is owed (`critical_path`).
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from cce_etl.statistics.forest import Flags, Forest, Ints, depths, first_of_each

# Later than any start; the next start where there is none.
NEVER_NS: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Siblings:
    """Hold whole families, one entry per child: those above first, in a family the child that ends last first.

    Of those that end together the one that starts last comes first, then the first by position. A child `is_covered`
    when one before it in its family starts no later; `next_starts_ns` is the earliest start, of those of its family
    that are not covered, after its own.
    """

    depths: Ints
    parents: Ints
    nodes: Ints
    starts_ns: Ints
    ends_ns: Ints
    is_covered: Flags
    next_starts_ns: Ints

    def part(self, kept: slice | Flags) -> "Siblings":
        """Return some of the families."""
        return Siblings(*(getattr(self, field.name)[kept] for field in fields(self)))

    def families(self, is_meant: Flags) -> "Siblings":
        """Return the whole families of the children meant."""
        firsts = first_of_each(self.parents)
        sizes = np.diff(firsts, append=len(self.parents))
        return self.part(np.repeat(np.logical_or.reduceat(is_meant, firsts), sizes))


def sort_siblings(forest: Forest) -> Siblings:
    """Return every timed child of a timed parent with its family. O(n log n)."""
    nodes = forest.children()
    # By ~ the latest comes first, without the overflow of a minus.
    nodes = nodes[np.argsort(~forest.starts_ns[nodes], kind="stable")]
    ranks = np.cumsum(np.diff(forest.starts_ns[nodes], prepend=0) != 0)
    levels = depths(forest.parents)
    order = np.lexsort((~forest.ends_ns[nodes], forest.parents[nodes], levels[nodes]))
    nodes = nodes[order]
    parents, starts_ns = forest.parents[nodes], forest.starts_ns[nodes]
    is_covered, next_starts_ns = _cover(parents, starts_ns, ranks[order])
    return Siblings(levels[nodes], parents, nodes, starts_ns, forest.ends_ns[nodes], is_covered, next_starts_ns)


def _cover(parents: Ints, starts_ns: Ints, ranks: Ints) -> tuple[Flags, Ints]:
    """Return who is covered, and the next start, of children in their order; their ranks rise as their starts fall."""
    # Ranks in place of times let one running maximum and one search serve all families at once, without overflow.
    floors = np.cumsum(np.diff(parents, prepend=-1) != 0) * (len(parents) + 1)
    keys = floors + ranks
    is_covered = np.diff(np.maximum.accumulate(keys), prepend=-1) == 0
    uncovered = np.flatnonzero(~is_covered)
    # Those not covered start ever earlier; the one before them is where the walk comes from.
    before = np.cumsum(~is_covered) - 2
    before[is_covered] = np.searchsorted(keys[uncovered], keys[is_covered]) - 1
    found = uncovered[before]
    is_found = (before >= 0) & (keys[found] >= floors)
    return is_covered, np.where(is_found, starts_ns[found], NEVER_NS)
