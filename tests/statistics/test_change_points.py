"""Changes of level in one series, and the best split of many slices, equal to that found by trying every split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.statistics import change_points
from cce_etl.statistics.change_points import best_splits, find_changes, is_split_confirmed, penalty


def _noise(count: int, seed: int = 0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).standard_t(4, count) * 0.3)


def test_a_step_is_found_where_it_is() -> None:
    [change] = find_changes(_noise(300) + np.repeat([0.0, 1.0], [120, 180]))
    assert (change.start, change.end) == (0, 300)
    assert abs(change.split - 120) <= 2
    assert change.p_value < 1e-20


def test_a_rise_and_a_fall_are_two_changes() -> None:
    first, second = find_changes(_noise(400, 3) + np.repeat([0.0, 1.0, 0.0], [150, 100, 150]))
    assert first.end == second.split
    assert second.start == first.split
    assert [round(first.split / 10), round(second.split / 10)] == [15, 25]


def test_a_series_too_long_to_be_searched_value_by_value_has_its_changes_where_they_are() -> None:
    first, second = find_changes(_noise(20_003) + np.repeat([0.0, 1.5, 0.0], [7_001, 6_000, 7_002]))
    assert (first.start, first.end, second.start, second.end) == (0, second.split, first.split, 20_003)
    assert abs(first.split - 7_001) <= 2
    assert abs(second.split - 13_001) <= 2


def test_outliers_of_a_heavy_tail_are_no_changes() -> None:
    assert [find_changes(_noise(500, seed)) for seed in range(20)] == [[]] * 20
    assert find_changes(_noise(20_000)) == []


@given(st.lists(st.floats(-9, 9), min_size=7, max_size=60), st.integers(1, 7))
def test_no_segment_deviates_by_more_than_the_bound(values: list[float], least: int) -> None:
    sums = np.concatenate([[0.0], np.cumsum(np.array(values) - np.mean(values))])
    bounds = change_points._segment_bounds(sums, least)
    for end in range(least, len(sums)):
        seen = max((sums[end] - sums[start]) ** 2 / (end - start) for start in range(end - least + 1))
        assert seen <= bounds[end] * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_a_series_not_searched_has_no_change_that_a_search_would_find(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = _noise(240, seed) + np.repeat([0.0, seed * 0.05, 0.0], 80)
    found = find_changes(values)
    monkeypatch.setattr(change_points, "_may_change", lambda *_: True)
    assert find_changes(values) == found


def test_a_short_or_constant_series_has_none() -> None:
    assert find_changes(np.array([0.0] * 6 + [9.0] * 7)) == []
    assert find_changes(np.zeros(50)) == []


def test_a_split_is_confirmed_when_permutations_hardly_ever_have_as_great_a_one() -> None:
    assert is_split_confirmed(np.repeat([0.0, 1.0], 20), 20)
    assert not is_split_confirmed(np.tile([0.0, 1.0], 20), 20)


@pytest.mark.parametrize("seed", range(12))
def test_permutations_that_are_not_made_would_not_have_confirmed_it(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = _noise(60, seed) + np.repeat([0.0, seed * 0.03], 30)
    all_at_once = is_split_confirmed(values, 30)
    monkeypatch.setattr(change_points, "_MAX_CELLS", 1)
    assert is_split_confirmed(values, 30) == all_at_once
    assert all_at_once == (seed in (5, 9))  # as all 999 permutations say


def test_the_penalty_is_four_variances_times_the_logarithm_of_the_length() -> None:
    assert penalty(0.5, np.array([1, 100])).tolist() == pytest.approx([np.log(2), np.log(100)])


def _tried(values: list[float]) -> tuple[float, int]:
    """Return the greatest reduction of squares about the mean by one split, and the first place of it."""
    best, place = 0.0, -1
    for split in range(7, len(values) - 6):
        parts = (values[:split], values[split:])
        gain = float(np.var(values) * len(values) - sum(np.var(part) * len(part) for part in parts))
        if gain > best + 1e-9:
            best, place = gain, split
    return best, place


@given(st.lists(st.tuples(st.integers(-1, 1), st.integers(0, 5)), max_size=60))
def test_splits_are_the_best_of_all(rows: list[tuple[int, int]]) -> None:
    codes, values = np.array([row[0] for row in rows], dtype=np.int64), np.array([float(row[1]) for row in rows])
    found = best_splits(values, codes, 2)
    gains, first_after = found.gains, found.first_after
    for code in (0, 1):
        places = np.flatnonzero(codes == code)
        best, _ = _tried(values[places].tolist())
        assert gains[code] == pytest.approx(best, abs=1e-6)
        if gains[code] > 1e-9:
            split = int(np.searchsorted(places, first_after[code]))
            parts = (values[places[:split]], values[places[split:]])
            left = sum(float(np.var(part)) * len(part) for part in parts)
            assert float(np.var(values[places])) * len(places) - left == pytest.approx(best, abs=1e-6)


def test_the_roots_on_either_side_are_named() -> None:
    codes = np.array([0, -1] * 20)
    values = np.where(np.arange(40) < 24, 0.0, 3.0)
    found = best_splits(values, codes, 2)
    # 12 zeros and 8 threes of 20: 20 * (12 / 20) * (8 / 20) * 3 ** 2
    assert found.gains.tolist() == pytest.approx([43.2, 0])
    assert (found.last_before.tolist(), found.first_after.tolist()) == ([22, -1], [24, -1])


def test_no_roots_have_no_split() -> None:
    found = best_splits(np.empty(0), np.empty(0, dtype=np.int64), 2)
    assert (found.gains.tolist(), found.last_before.tolist()) == ([0, 0], [-1, -1])
