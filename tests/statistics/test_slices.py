"""Which dimensions split the roots, and the slices of their values and pairs of values."""

import numpy as np

from cce_etl.statistics.slices import (
    Dimension,
    informative_dimensions,
    part_codes,
    partitions_of,
    slice_values,
    slices_of,
)

REGION = Dimension("region", np.repeat([0, 1], [60, 40]), ("east", "west"))
FLAVOR = Dimension("flavor", np.tile([0, 1, 1, -1], 25), ("small", "large"))
ZONE = Dimension("zone", np.repeat([0, 1, -1], [30, 30, 40]), ("east-a", "east-b"))


def _slice_sizes(*dimensions: Dimension) -> dict[str, int]:
    """Return how many roots are in each slice, by its values."""
    sizes = {}
    for one in slices_of(partitions_of(dimensions)):
        name = " ".join(dimensions[index].values[code] for index, code in slice_values(dimensions, one))
        sizes[name] = int((part_codes(dimensions, one.partition) == one.code).sum())
    return sizes


def test_singles_come_before_pairs() -> None:
    found = _slice_sizes(REGION, FLAVOR)
    assert list(found) == ["east", "west", "small", "large", "east small", "east large", "west small", "west large"]
    assert list(found.values()) == [60, 40, 25, 50, 15, 30, 10, 20]


def test_a_pair_that_is_one_of_its_values_is_left_out() -> None:
    assert list(_slice_sizes(REGION, ZONE)) == ["east", "west", "east-a", "east-b"]


def test_a_slice_needs_ten_roots_inside_and_outside() -> None:
    few = Dimension("few", np.repeat([0, 1, 2], [9, 82, 9]), ("a", "b", "c"))
    many = Dimension("many", np.repeat([0, 1], [91, 9]), ("a", "b"))
    assert _slice_sizes(few) == {"b": 82}
    assert _slice_sizes(many) == {}


def test_a_slice_has_one_value_or_two() -> None:
    dimensions = (REGION, FLAVOR)
    *_, pair = slices_of(partitions_of(dimensions))
    assert slice_values(dimensions, pair) == [(0, 1), (1, 1)]
    first, *_ = slices_of(partitions_of(dimensions))
    assert slice_values(dimensions, first) == [(0, 0)]


def _dimension(name: str, *values: str | None) -> Dimension:
    words = tuple(sorted({value for value in values if value is not None}))
    codes = [-1 if value is None else words.index(value) for value in values]
    return Dimension(name, np.array(codes, dtype=np.int64), words)


def _names(*dimensions: Dimension) -> list[str]:
    return [one.name for one in informative_dimensions(dimensions, 2)]


def test_an_id_is_left_out() -> None:
    assert _names(_dimension("server", *"abcdeeffgg")) == []
    assert _names(_dimension("host", *"abccddeeff")) == ["host"]


def test_a_value_that_all_roots_share_is_left_out() -> None:
    assert _names(_dimension("order", *[""] * 10)) == []


def test_a_value_that_some_roots_lack_is_kept() -> None:
    assert _names(_dimension("policy", *["static"] * 5, *[None] * 5)) == ["policy"]


def test_the_same_parts_are_kept_once_under_the_first_name() -> None:
    assert _names(_dimension("flavor", *"aaabbb"), _dimension("root flavor", *"xxxyyy")) == ["flavor"]
    assert _names(_dimension("flavor", *"aaabbb"), _dimension("zone", *"xyxyxy")) == ["flavor", "zone"]


def test_the_same_values_known_of_more_roots_take_the_plainer_name() -> None:
    flavor, key = _dimension("flavor", "a", "a", "b", "b", None, None), _dimension("key", *"aabbaa")
    [one] = informative_dimensions([flavor, key], 2)
    assert one.name == "flavor"
    assert one.codes.tolist() == [0, 0, 1, 1, 0, 0]


def test_other_values_of_some_of_the_roots_are_another_dimension() -> None:
    assert _names(_dimension("policy", "p", "p", None, None), _dimension("source", *"aabb")) == ["policy", "source"]


def test_values_of_few_roots_are_dropped() -> None:
    [one] = informative_dimensions([_dimension("host", *"abbccdd")], 2)
    assert one.values == ("b", "c", "d")
    assert one.codes.tolist() == [-1, 0, 0, 1, 1, 2, 2]
