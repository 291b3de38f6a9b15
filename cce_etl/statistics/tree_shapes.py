"""Fingerprints of trees: equal for trees of the same types in the same structure, whatever order siblings stand in.

Lives here: hashing whole forests from their leaves up, level by level. Does not: times, tables (`computed`).
"""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.forest import Ints, depths, runs

Hashes = NDArray[np.uint64]

# A child enters its parent's sum by another function than its own value, so that no level undoes the one below.
_BELOW: Final = np.uint64(0x9E3779B97F4A7C15)


def fingerprints(parents: Ints, codes: Ints, labels: Sequence[str | None]) -> Hashes:
    """Return the fingerprint of every node's subtree, 64 bits, the same on every machine.

    `parents` are positions before their children's, -1 for a root; `codes` each node's place in the distinct `labels`.
    A fingerprint hashes the node's label and the sum of the hashed fingerprints right below it, so that their order
    does not count and how often they occur does (a multiset hash: Bellare and Micciancio, 1997). O(n log n).
    """
    hashes = np.array([_label_hash(label) for label in labels], np.uint64)[codes]
    below = np.zeros_like(hashes)
    levels = depths(parents)
    nodes = np.argsort(levels, kind="stable")
    for level in reversed(runs(levels[nodes])):
        here = nodes[level]
        hashes[here] = values = _scrambled(hashes[here] ^ below[here])
        if levels[here[0]]:
            np.add.at(below, parents[here], _scrambled(values + _BELOW))
    return hashes


def _scrambled(hashes: Hashes) -> Hashes:
    """Return each number's image under the finalizer of SplitMix64 (Steele, Lea and Flood, 2014); sums wrap around."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def _label_hash(label: str | None) -> int:
    """Hash the label's JSON, in which no text is written like None."""
    return int.from_bytes(blake2b(json.dumps(label).encode(), digest_size=8).digest(), "big")
