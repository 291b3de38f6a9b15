"""Ratios of one slice to all others."""

import numpy as np
import pytest

from cce_etl.statistics.ratios import duration_ratio, duration_ratio_interval, failure_ratio, failure_ratio_interval


def test_the_ratio_is_taken_within_strata() -> None:
    # Shape 1 takes ten times as long as shape 0; the slice is all of shape 1 and takes twice as long as its others.
    values = np.log(np.array([*[1.0] * 30, *[10.0] * 15, *[20.0] * 10]))
    groups = np.array([*[0] * 30, *[1] * 25])
    assert duration_ratio(values, groups, np.arange(55) >= 45) == pytest.approx(2)


def test_a_stratum_with_few_others_is_compared_with_all_of_them() -> None:
    values = np.log(np.array([*[2.0] * 30, *[10.0] * 10]))
    groups = np.array([*[0] * 30, *[1] * 10])
    assert duration_ratio(values, groups, groups == 1) == pytest.approx(5)


def test_the_interval_covers_the_true_ratio_in_about_95_percent_of_samples() -> None:
    covered = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        groups = generator.integers(0, 2, 400)
        is_in = np.arange(400) < 60
        values = generator.normal(groups * 1.0 + np.log(3) * is_in, 0.4)
        found = duration_ratio_interval(values, groups, is_in)
        assert found.low <= found.ratio <= found.high
        covered += found.low <= 3 <= found.high
    assert covered >= 54


def test_the_interval_is_the_same_every_time() -> None:
    values, groups = np.random.default_rng(1).normal(size=90), np.zeros(90, dtype=np.int64)
    first, second = (duration_ratio_interval(values, groups, np.arange(90) < 20) for _ in range(2))
    assert first == second


def test_rates_are_pooled_over_strata() -> None:
    # 5 of 10 against 10 of 40, and 2 of 10 against 4 of 40: twice as often in both.
    failed = np.array([*[1] * 5, *[0] * 5, *[1] * 10, *[0] * 30, *[1] * 2, *[0] * 8, *[1] * 4, *[0] * 36], dtype=float)
    groups = np.repeat([0, 1], 50)
    is_in = np.tile(np.arange(50) < 10, 2)
    assert failure_ratio(failed, groups, is_in) == pytest.approx(2)
    found = failure_ratio_interval(failed, groups, is_in)
    assert found.ratio == pytest.approx(2)
    assert 0.7 < found.low < 1.2
    assert 3 < found.high < 5


def test_others_that_never_fail_give_an_infinite_ratio() -> None:
    is_in = np.arange(40) < 20
    assert failure_ratio(is_in.astype(float), np.zeros(40, dtype=np.int64), is_in) == float("inf")
