"""Values in groups: order, quantiles, means, the interval of the median."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from cce_etl.statistics.groups import lower_ranks, median_intervals, sort_groups, stable_argsort

GROUPED = st.lists(
    st.tuples(st.integers(0, 4), st.floats(-1e6, 1e6, allow_nan=False, width=32)), min_size=1, max_size=60
)


def arrays(pairs: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([value for _, value in pairs]), np.array([group for group, _ in pairs], dtype=np.int64)


@given(GROUPED)
def test_quantiles_and_means_are_those_of_each_group_alone(pairs: list[tuple[int, float]]) -> None:
    values, groups = arrays(pairs)
    found = sort_groups(values, groups, 5)
    for group in range(5):
        own = values[groups == group]
        assert found.sizes[group] == len(own)
        for probability in (0.0, 0.5, 0.95, 1.0):
            wanted = np.quantile(own, probability) if len(own) else np.nan
            assert found.quantiles(probability)[group] == pytest.approx(wanted, rel=1e-12, abs=1e-6, nan_ok=True)
        assert found.means()[group] == pytest.approx(own.mean() if len(own) else np.nan, abs=1e-6, nan_ok=True)


def test_a_rank_that_a_group_lacks_is_not_a_number() -> None:
    found = sort_groups(np.array([3.0, 1.0, 2.0]), np.array([0, 0, 2]), 3)
    assert found.at_rank(1).tolist()[0] == 3.0
    assert np.isnan(found.at_rank(1)[1:]).all()
    assert np.isnan(found.at_rank(np.array([-1, -1, -1]))).all()


@given(numbers=st.lists(st.integers(0, 3_000_000), max_size=80))
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_many_groups_are_ordered_like_few_and_ties_stay_as_they_were(numbers: list[int], kind: type) -> None:
    groups = np.array(numbers, dtype=np.int64)
    assert stable_argsort(groups.astype(kind), 3_000_001).tolist() == np.argsort(groups, kind="stable").tolist()


@given(st.lists(st.tuples(st.integers(-1, 3), st.floats(-9, 9)), max_size=40))
def test_values_of_group_minus_one_are_in_no_group(pairs: list[tuple[int, float]]) -> None:
    values, groups = arrays(pairs)
    expected = [np.median(values[groups == group]) if (groups == group).any() else np.nan for group in range(4)]
    assert sort_groups(values, groups, 4).quantiles(0.5).tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("group_count", [3, 2**16, 2**16 + 1])
def test_group_minus_one_is_sorted_last(group_count: int) -> None:
    groups = np.array([group_count - 1, -1, 0, -1, 1])
    assert stable_argsort(groups, group_count).tolist() == [2, 4, 0, 1, 3]


def test_a_mean_is_the_same_in_whatever_order_values_come() -> None:
    values = np.random.default_rng(3).lognormal(0, 9, 1_000)
    means = {
        sort_groups(np.random.default_rng(s).permutation(values), np.zeros(1_000, np.int64), 1).means()[0]
        for s in range(9)
    }
    assert len(means) == 1


def test_the_ranks_are_the_binomial_distributions_for_every_count() -> None:
    counts = np.array([*range(6, 2001), *range(3_000, 300_000, 1_000)])
    ranks = lower_ranks(counts)
    assert np.all(binom.cdf(ranks - 1, counts, 0.5) <= 0.025)
    assert np.all(binom.cdf(ranks, counts, 0.5) > 0.025)


def test_five_values_have_no_interval_and_six_have_all_of_them() -> None:
    medians = sort_groups(np.arange(11.0), np.array([0] * 5 + [1] * 6), 2)
    low, high = median_intervals(medians)
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (5.0, 10.0)
