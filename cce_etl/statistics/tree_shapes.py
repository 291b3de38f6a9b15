"""Fingerprints of trees: equal for trees of the same types in the same structure, in whatever order siblings come."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.arrays import IntArray
from cce_etl.statistics.forest import depths_of, runs

Hashes: TypeAlias = NDArray[np.uint64]

# A child enters its parent's sum through another function than its own value, so that no level undoes the one below.
_CHILD_OFFSET: Final = np.uint64(0x9E3779B97F4A7C15)


def subtree_fingerprints(parents: IntArray, codes: IntArray, labels: Sequence[str | None]) -> Hashes:
    """Return the fingerprint of every node's subtree, 64 bits, the same on every machine. O(n log n).

    It hashes the node's label and the sum of its children's hashed fingerprints. A sum depends on how often each child
    occurs but not on their order (a multiset hash: Bellare and Micciancio 1997).

    Args:
        parents: The position of each node's parent, before the node's own; -1 for a root.
        codes: The position of each node's label in `labels`.
        labels: The distinct labels.
    """
    # JSON writes no text as it writes None.
    digests = [blake2b(json.dumps(label).encode(), digest_size=8).digest() for label in labels]
    hashes = np.array([int.from_bytes(digest, "big") for digest in digests], np.uint64)[codes]
    below = np.zeros_like(hashes)
    depths = depths_of(parents)
    nodes = np.argsort(depths, kind="stable")
    for level in reversed(runs(depths[nodes])):
        here = nodes[level]
        hashes[here] = values = _splitmix64(hashes[here] ^ below[here])
        if depths[here[0]]:
            np.add.at(below, parents[here], _splitmix64(values + _CHILD_OFFSET))
    return hashes


def _splitmix64(hashes: Hashes) -> Hashes:
    """Return each number's image under the finalizer of SplitMix64 (Steele, Lea and Flood 2014)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
