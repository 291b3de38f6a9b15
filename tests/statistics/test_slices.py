"""Single values and pairs of them."""

import numpy as np

from cce_etl.statistics.dimensions import Dimension
from cce_etl.statistics.slices import codes_of, partitions, singles_within, slices_of, words_of

REGION = Dimension("region", np.repeat([0, 1], [60, 40]), ("east", "west"))
FLAVOR = Dimension("flavor", np.tile([0, 1, 1, -1], 25), ("small", "large"))
ZONE = Dimension("zone", np.repeat([0, 1, -1], [30, 30, 40]), ("east-a", "east-b"))


def _all(*dimensions: Dimension) -> dict[str, int]:
    found = {}
    for one in slices_of(partitions(dimensions)):
        names, values = words_of(dimensions, one)
        assert len(names) == len(values)
        found[" ".join(values)] = int((codes_of(dimensions, one.partition) == one.code).sum())
    return found


def test_singles_come_before_pairs() -> None:
    found = _all(REGION, FLAVOR)
    assert list(found) == ["east", "west", "small", "large", "east small", "east large", "west small", "west large"]
    assert list(found.values()) == [60, 40, 25, 50, 15, 30, 10, 20]


def test_a_pair_that_is_one_of_its_values_is_left_out() -> None:
    assert list(_all(REGION, ZONE)) == ["east", "west", "east-a", "east-b"]


def test_a_slice_needs_ten_roots_inside_and_outside() -> None:
    few = Dimension("few", np.repeat([0, 1, 2], [9, 82, 9]), ("a", "b", "c"))
    many = Dimension("many", np.repeat([0, 1], [91, 9]), ("a", "b"))
    assert _all(few) == {"b": 82}
    assert _all(many) == {}


def test_a_pair_knows_its_values() -> None:
    dimensions = (REGION, FLAVOR)
    *_, pair = slices_of(partitions(dimensions))
    assert singles_within(pair, dimensions) == [(0, 1), (1, 1)]
    first, *_ = slices_of(partitions(dimensions))
    assert singles_within(first, dimensions) == []
