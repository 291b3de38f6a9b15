"""Fingerprints: what is the same, what is not, and that they never change."""

import numpy as np

from cce_etl.statistics.shapes import fingerprints


def shape(*nodes: tuple[int, str | None]) -> str:
    """Return the fingerprint of a tree of (parent, label)."""
    return fingerprints(np.array([parent for parent, _ in nodes], np.int64), [label for _, label in nodes])[0]


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    assert shape((-1, "CreateCluster"), (0, "InstallMaster"), (0, None)) == "1e72840b35f1a3db"


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
        ((-1, "r"),),
    ]
    assert len({shape(*tree) for tree in trees}) == len(trees)


def test_equal_subtrees_of_different_trees_share_a_fingerprint() -> None:
    shapes = fingerprints(np.array([-1, 0, 1, -1, 3], np.int64), ["r", "a", "b", "a", "b"])
    assert (shapes[1], shapes[2]) == (shapes[3], shapes[4])
    assert len(set(shapes)) == 3


def test_a_thousand_levels_and_a_hundred_thousand_siblings_have_a_fingerprint() -> None:
    deep = fingerprints(np.arange(-1, 999), ["a"] * 1_000)
    wide = fingerprints(np.append(-1, np.zeros(100_000, np.int64)), ["a"] * 100_001)
    assert (len(set(deep)), len(set(wide))) == (1_000, 2)


def test_no_tree_has_no_fingerprint() -> None:
    assert fingerprints(np.array([], np.int64), []) == []
