"""Fingerprints of trees: which are equal, which differ, and that they never change."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.statistics.tree_shapes import subtree_fingerprints


def shapes_of(nodes: Sequence[tuple[int, str | None]]) -> list[int]:
    """Return the fingerprint of each node of a forest of (parent, label)."""
    parents = np.array([parent for parent, _ in nodes], np.int64)
    labels = list(dict.fromkeys(label for _, label in nodes))
    codes = np.array([labels.index(label) for _, label in nodes], np.int64)
    return [int(one) for one in subtree_fingerprints(parents, codes, labels)]


def shape(*nodes: tuple[int, str | None]) -> int:
    """Return the fingerprint of a tree of (parent, label)."""
    return shapes_of(nodes)[0]


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    assert shape((-1, "CreateCluster"), (0, "InstallMaster"), (0, None)) == 0xBBD739777CA18830


def test_the_order_of_siblings_does_not_count() -> None:
    assert shape((-1, "r"), (0, "a"), (0, "b"), (2, "c")) == shape((-1, "r"), (0, "b"), (1, "c"), (0, "a"))


def test_types_levels_and_how_often_they_occur_count() -> None:
    trees = [
        ((-1, "r"), (0, "a")),
        ((-1, "r"), (0, "b")),
        ((-1, "q"), (0, "a")),
        ((-1, "r"), (0, "a"), (0, "a")),
        ((-1, "r"), (0, "a"), (1, "a")),
        ((-1, "r"), (0, None)),
        ((-1, "r"), (0, "")),
        ((-1, "r"), (0, "null")),
        ((-1, "r"), (0, "a"), (0, "b"), (1, "c")),
        ((-1, "r"), (0, "a"), (0, "b"), (2, "c")),
        ((-1, "r"),),
    ]
    assert len({shape(*tree) for tree in trees}) == len(trees)


def test_equal_subtrees_of_different_trees_share_a_fingerprint() -> None:
    shapes = shapes_of([(-1, "r"), (0, "a"), (1, "b"), (-1, "a"), (3, "b")])
    assert (shapes[1], shapes[2]) == (shapes[3], shapes[4])
    assert len(set(shapes)) == 3


def test_a_thousand_levels_and_a_hundred_thousand_siblings_have_a_fingerprint() -> None:
    deep = subtree_fingerprints(np.arange(-1, 999), np.zeros(1_000, np.int64), ["a"])
    wide = subtree_fingerprints(np.append(-1, np.zeros(100_000, np.int64)), np.zeros(100_001, np.int64), ["a"])
    assert (len(np.unique(deep)), len(np.unique(wide))) == (1_000, 2)


def test_no_tree_has_no_fingerprint() -> None:
    assert shapes_of([]) == []


def written_out(nodes: Sequence[tuple[int, str | None]], node: int) -> str:
    """Write a subtree as text, siblings sorted: equal texts are equal shapes."""
    below = sorted(written_out(nodes, child) for child, (parent, _) in enumerate(nodes) if parent == node)
    return f"{nodes[node][1]}({','.join(below)})"


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["a", "b"])), max_size=20))
def test_fingerprints_are_equal_where_the_shapes_are_and_nowhere_else(drawn: list[tuple[int, str]]) -> None:
    nodes = [(above % (index + 1) - 1, label) for index, (above, label) in enumerate(drawn)]
    texts = [written_out(nodes, node) for node in range(len(nodes))]
    pairs = set(zip(texts, shapes_of(nodes), strict=True))
    assert len(pairs) == len({text for text, _ in pairs}) == len({number for _, number in pairs})
