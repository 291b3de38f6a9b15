"""Strata, reference medians, residuals, and measures of noise that outliers and changes of level do not move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.statistics.residuals import (
    noise_deviation,
    reference_medians,
    residuals,
    robust_deviation,
    strata,
    winsorized,
)


def test_a_rare_shape_joins_those_of_its_type_and_count() -> None:
    shapes = np.repeat([0, 1, -1], [10, 3, 1])
    kinds = np.repeat([0, 1, 0], [10, 2, 2])
    groups = strata([shapes, kinds]).tolist()
    assert groups[:10] == [groups[0]] * 10
    assert groups[10:12] == [-1, -1]
    assert groups[12] == groups[13] not in (-1, groups[0])


@given(st.lists(st.tuples(st.integers(-1, 1), st.floats(-9, 9)), min_size=1, max_size=40), st.integers(-1, 2))
def test_a_reference_is_the_median_of_ten_roots_of_the_stratum_or_of_all(
    rows: list[tuple[int, float]], stratum: int
) -> None:
    own, values = np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows])
    comparable = values[own == stratum] if stratum >= 0 and np.sum(own == stratum) >= 10 else values
    found = reference_medians(values, own, np.array([stratum, 2]))
    assert found.tolist() == pytest.approx([np.median(comparable), np.median(values)])


def test_a_residual_is_the_value_less_the_median_of_its_stratum_or_of_all() -> None:
    values = np.array([*range(10), *range(100, 110), 7.0])
    groups = np.array([0] * 10 + [1] * 10 + [-1])
    left = residuals(values, groups)
    assert left[:10].tolist() == left[10:20].tolist() == [place - 4.5 for place in range(10)]
    assert left[20] == 7.0 - np.median(values)


def test_a_stratum_of_few_roots_is_compared_with_all() -> None:
    assert residuals(np.array([5.0, 6.0, *[0.0] * 20]), np.array([0, 0, *[1] * 20]))[:2].tolist() == [5.0, 6.0]


def test_no_values_have_no_residuals() -> None:
    assert residuals(np.empty(0), np.empty(0, dtype=np.int64)).tolist() == []


def test_one_outlier_does_not_move_the_robust_deviation() -> None:
    assert robust_deviation(np.array([1.0, 2.0, 3.0, 4.0, 1e9])) == pytest.approx(1.4826, abs=1e-4)
    assert robust_deviation(np.array([1.0, 1.0, 1.0, 3.0])) == pytest.approx(np.std([1, 1, 1, 3]))
    assert robust_deviation(np.empty(0)) == 0


def test_a_change_of_level_does_not_move_the_deviation_of_the_noise() -> None:
    noise = np.random.default_rng(1).normal(size=2_000)
    stepped = noise + np.repeat([0.0, 50.0], 1_000)
    assert noise_deviation(stepped) == pytest.approx(noise_deviation(noise), rel=0.01)
    assert noise_deviation(stepped) == pytest.approx(1, rel=0.1)
    assert noise_deviation(stepped[:2]) == 0


def test_values_beyond_four_deviations_are_moved_in() -> None:
    assert winsorized(np.array([-9.0, 0.0, 9.0]), 1.0).tolist() == [-4.0, 0.0, 4.0]
