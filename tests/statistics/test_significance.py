"""Tests of many slices at once, and q-values, each equal to scipy's."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, fisher_exact, mannwhitneyu, rankdata

from cce_etl.statistics.significance import (
    benjamini_hochberg,
    cochran_mantel_haenszel_log_p,
    fisher_exact_log_p,
    midranks,
    rank_sum_log_p,
)

Values = list[float]


@given(st.lists(st.integers(0, 5), max_size=30))
def test_ranks_are_those_of_scipy(numbers: list[int]) -> None:
    values = np.array(numbers, dtype=np.float64)
    ranks, ties = midranks(values)
    assert ranks.tolist() == rankdata(values).tolist()
    assert ties == sum(numbers.count(one) ** 3 - numbers.count(one) for one in set(numbers))


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=30),
    st.lists(st.integers(0, 9), min_size=2, max_size=30),
)
def test_rank_sums_give_the_p_values_of_scipy(own: list[int], others: list[int]) -> None:
    values = np.array(own + others, dtype=np.float64)
    if len(set(own + others)) == 1:
        return
    ranks, ties = midranks(values)
    log_p, z = rank_sum_log_p(np.array([ranks[: len(own)].sum()]), np.array([len(own)]), len(values), ties)
    expected = mannwhitneyu(own, others, alternative="two-sided", method="asymptotic")
    assert np.exp(log_p[0]) == pytest.approx(float(expected.pvalue), rel=1e-9)
    excess = float(expected.statistic) - len(own) * len(others) / 2
    assert z[0] == 0 or np.sign(z[0]) == np.sign(excess)


def test_a_p_value_too_small_for_a_float_keeps_its_logarithm() -> None:
    ranks, ties = midranks(np.arange(20_000.0))
    log_p, z = rank_sum_log_p(np.array([ranks[10_000:].sum()]), np.array([10_000]), 20_000, ties)
    assert log_p[0] < -1_000
    assert z[0] > 0


def test_equal_values_have_the_p_value_one() -> None:
    ranks, ties = midranks(np.zeros(30))
    log_p, _ = rank_sum_log_p(np.array([ranks[:10].sum()]), np.array([10]), 30, ties)
    assert log_p.tolist() == [0.0]


@given(st.data())
def test_counts_give_the_exact_p_values_of_scipy(data: Any) -> None:
    total = data.draw(st.integers(2, 120))
    total_failed = data.draw(st.integers(0, total))
    counts = data.draw(st.lists(st.integers(1, total - 1), min_size=1, max_size=4))
    failed = [
        data.draw(st.integers(max(0, count + total_failed - total), min(count, total_failed))) for count in counts
    ]
    log_p = fisher_exact_log_p(np.array(failed), np.array(counts), total_failed, total)
    for found, own, count in zip(np.exp(log_p), failed, counts, strict=True):
        others = total_failed - own
        table = np.array([[own, count - own], [others, total - count - others]])
        assert found == pytest.approx(float(fisher_exact(table).pvalue), rel=1e-9)


def test_many_slices_of_many_failures_are_tested_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    failed, counts = np.arange(20), np.full(20, 40)
    at_once = fisher_exact_log_p(failed, counts, 30, 100)
    monkeypatch.setattr("cce_etl.statistics.significance._MAX_ROWS", 3)
    assert fisher_exact_log_p(failed, counts, 30, 100).tolist() == at_once.tolist()


def test_a_test_within_strata_by_hand() -> None:
    # Mantel-Haenszel of two tables, 8 of 10 against 2 of 10 and 6 of 12 against 3 of 8:
    # expected 5 and 5.4, variance 10*10*10*10/(400*19) = 1.315789... and 12*8*9*11/(400*19) = 1.250526...
    failed, counts = np.array([[8.0, 6.0]]), np.array([[10, 12]])
    log_p, z = cochran_mantel_haenszel_log_p(failed, counts, np.array([10.0, 9.0]), np.array([20, 20]))
    expected = (14 - 10.4 - 0.5) / np.sqrt(10_000 / 7_600 + 9_504 / 7_600)
    assert z[0] == pytest.approx(expected)
    assert np.exp(log_p[0]) == pytest.approx(0.0530, abs=1e-4)


def test_a_slice_that_is_one_whole_stratum_fails_no_more_than_its_stratum() -> None:
    failed, counts = np.array([[30.0, 0.0]]), np.array([[60, 0]])
    log_p, _ = cochran_mantel_haenszel_log_p(failed, counts, np.array([30.0, 2.0]), np.array([60, 90]))
    assert log_p.tolist() == [0.0]


def test_q_is_p_times_the_family_over_the_rank() -> None:
    found = benjamini_hochberg(np.array([0.01, 0.5, 0.02, 0.8]))
    assert found.tolist() == pytest.approx([0.04, 0.5 * 4 / 3, 0.04, 0.8])


def test_no_p_values_have_no_q_values() -> None:
    assert benjamini_hochberg(np.empty(0)).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_those_of_scipy_also_for_ties(p_values: list[float]) -> None:
    found = benjamini_hochberg(np.array(p_values))
    assert found.tolist() == pytest.approx(false_discovery_control(np.array(p_values)).tolist(), rel=1e-12)
