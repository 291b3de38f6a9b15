"""Which dimensions say something, and which say the same."""

import numpy as np

from cce_etl.statistics.dimensions import Dimension, telling


def _dimension(name: str, *values: str | None) -> Dimension:
    words = tuple(sorted({value for value in values if value is not None}))
    codes = [-1 if value is None else words.index(value) for value in values]
    return Dimension(name, np.array(codes, dtype=np.int64), words)


def _names(*dimensions: Dimension) -> list[str]:
    return [one.name for one in telling(dimensions, 2)]


def test_an_id_is_left_out() -> None:
    assert _names(_dimension("server", *"abcdeeffgg")) == []
    assert _names(_dimension("host", *"abccddeeff")) == ["host"]


def test_what_all_roots_share_is_left_out() -> None:
    assert _names(_dimension("order", *[""] * 10)) == []


def test_what_some_have_and_others_lack_is_kept() -> None:
    assert _names(_dimension("policy", *["static"] * 5, *[None] * 5)) == ["policy"]


def test_the_same_parts_are_kept_once_under_the_first_name() -> None:
    assert _names(_dimension("flavor", *"aaabbb"), _dimension("root flavor", *"xxxyyy")) == ["flavor"]
    assert _names(_dimension("flavor", *"aaabbb"), _dimension("zone", *"xyxyxy")) == ["flavor", "zone"]


def test_the_same_words_about_more_roots_take_the_plainer_name() -> None:
    [one] = telling([_dimension("flavor", "a", "a", "b", "b", None, None), _dimension("key", *"aabbaa")], 2)
    assert one.name == "flavor"
    assert one.codes.tolist() == [0, 0, 1, 1, 0, 0]


def test_other_words_about_some_of_the_roots_are_another_dimension() -> None:
    assert _names(_dimension("policy", "p", "p", None, None), _dimension("source", *"aabb")) == ["policy", "source"]


def test_values_of_few_roots_are_forgotten() -> None:
    [one] = telling([_dimension("host", *"abbccdd")], 2)
    assert one.values == ("b", "c", "d")
    assert one.codes.tolist() == [-1, 0, 0, 1, 1, 2, 2]
