"""Fingerprints of trees: equal for trees of the same types in the same structure, whatever order siblings stand in.

Lives here: hashing whole forests from their leaves up, without recursion. Does not: times, tables (`computed`).
"""

import json
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from cce_etl.statistics.forest import Ints, first_of_each


def fingerprints(parents: Ints, labels: Sequence[str | None]) -> list[str]:
    """Return the fingerprint of every node's subtree, 16 hexadecimal digits, the same on every machine.

    `parents` are positions before their children's, -1 for a root. A fingerprint hashes the node's label and the
    fingerprints below it, sorted, as often as they occur. O(n log n).
    """
    # Trees repeat: each distinct pair of a label and shapes below it is numbered, and hashed once.
    codes = {label: code for code, label in enumerate(dict.fromkeys(labels))}
    digests = [_digest(label, []) for label in codes]
    shapes = [codes[label] for label in labels]
    numbers: dict[tuple[str | None, tuple[int, ...]], int] = {}
    children = np.argsort(parents, kind="stable")
    children = children[parents[children] >= 0]
    firsts = first_of_each(parents[children])
    bounds, flat = [*firsts.tolist(), len(children)], children.tolist()
    for index, parent in reversed(list(enumerate(parents[children[firsts]].tolist()))):
        below = sorted([shapes[child] for child in flat[bounds[index] : bounds[index + 1]]])
        key = (labels[parent], tuple(below))
        number = numbers.setdefault(key, len(digests))
        if number == len(digests):
            digests.append(_digest(labels[parent], [digests[shape] for shape in below]))
        shapes[parent] = number
    return [digests[number] for number in shapes]


def _digest(label: str | None, below: list[str]) -> str:
    return blake2b(json.dumps([label, sorted(below)]).encode(), digest_size=8).hexdigest()
