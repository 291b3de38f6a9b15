"""Like with like: groups, their medians, and what is left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.statistics.residuals import alike, clipped, group_medians, residuals, spread, spread_of_differences


def test_a_rare_shape_joins_those_of_its_type_and_count() -> None:
    shapes = np.repeat([0, 1, -1], [10, 3, 1])
    kinds = np.repeat([0, 1, 0], [10, 2, 2])
    groups = alike([shapes, kinds]).tolist()
    assert groups[:10] == [groups[0]] * 10
    assert groups[10:12] == [-1, -1]
    assert groups[12] == groups[13] not in (-1, groups[0])


@given(st.lists(st.tuples(st.integers(-1, 3), st.floats(-9, 9)), max_size=40))
def test_group_medians_are_those_of_numpy(rows: list[tuple[int, float]]) -> None:
    groups, values = np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows])
    expected = [np.median(values[groups == group]) if (groups == group).any() else np.nan for group in range(4)]
    assert group_medians(values, groups, 4).tolist() == pytest.approx(expected, nan_ok=True)


def test_a_residual_is_taken_from_its_own_group_or_from_all() -> None:
    values = np.array([*range(10), *range(100, 110), 7.0])
    groups = np.array([0] * 10 + [1] * 10 + [-1])
    left = residuals(values, groups)
    assert left[:10].tolist() == left[10:20].tolist() == [place - 4.5 for place in range(10)]
    assert left[20] == 7.0 - np.median(values)


def test_a_group_that_lost_its_roots_is_compared_with_all() -> None:
    assert residuals(np.array([5.0, 6.0, *[0.0] * 20]), np.array([0, 0, *[1] * 20]))[:2].tolist() == [5.0, 6.0]


def test_nothing_has_no_residuals() -> None:
    assert residuals(np.empty(0), np.empty(0, dtype=np.int64)).tolist() == []


def test_one_wild_value_does_not_widen_the_spread() -> None:
    assert spread(np.array([1.0, 2.0, 3.0, 4.0, 1e9])) == pytest.approx(1.4826, abs=1e-4)
    assert spread(np.array([1.0, 1.0, 1.0, 3.0])) == pytest.approx(np.std([1, 1, 1, 3]))
    assert spread(np.empty(0)) == 0


def test_a_step_does_not_widen_the_spread_of_differences() -> None:
    noise = np.random.default_rng(1).normal(size=2_000)
    stepped = noise + np.repeat([0.0, 50.0], 1_000)
    assert spread_of_differences(stepped) == pytest.approx(spread_of_differences(noise), rel=0.01)
    assert spread_of_differences(stepped) == pytest.approx(1, rel=0.1)
    assert spread_of_differences(stepped[:2]) == 0


def test_values_are_clipped_at_four_spreads() -> None:
    assert clipped(np.array([-9.0, 0.0, 9.0]), 1.0).tolist() == [-4.0, 0.0, 4.0]
