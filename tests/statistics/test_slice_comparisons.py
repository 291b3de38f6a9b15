"""All slices in both windows, each equal to scipy's test of one."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import fisher_exact, mannwhitneyu

from cce_etl.statistics.slice_comparisons import (
    SINCE_CHANGE,
    WHOLE,
    compare_roots,
    compare_since_change,
    compare_slices,
)
from cce_etl.statistics.slices import Dimension, Partition, Sample, partitions_of

ROOTS = 240
CODES = np.tile([0, 0, 1, 2], ROOTS // 4)
DIMENSION = Dimension("flavor", CODES, ("a", "b", "c"))


def _sample(values: Any, groups: Any = None, *, is_failure: bool = False) -> tuple[Sample, list[Partition]]:
    groups = np.zeros(ROOTS, dtype=np.int64) if groups is None else groups
    times = np.arange(ROOTS, dtype=np.int64) * 10
    return Sample(is_failure, values, groups, times, (DIMENSION,)), partitions_of((DIMENSION,))


def _noise(seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=ROOTS) * 0.4


ALL = np.ones(ROOTS, dtype=np.bool_)


def test_over_the_whole_window_slices_are_tested_by_ranks() -> None:
    values = _noise() + (CODES == 1) * 0.5
    found = compare_slices(*_sample(values), ALL)
    for code in range(3):
        expected = mannwhitneyu(values[code == CODES], values[code != CODES], method="asymptotic")
        assert np.exp(found.log_p[WHOLE, code]) == pytest.approx(float(expected.pvalue))
    assert found.is_higher[WHOLE].tolist() == [False, True, False]
    assert found.log_p[SINCE_CHANGE].tolist() == [0, 0, 0]
    assert found.since_ns.tolist() == [-1, -1, -1]


def test_the_p_value_since_a_change_is_multiplied_by_the_dates_it_could_have_had() -> None:
    is_slow = (CODES == 1) & (np.arange(ROOTS) >= 120)
    values = _noise() + is_slow
    found = compare_slices(*_sample(values), ALL)
    # Roots 118 and 122 have code 1: the change is half way between them, at 1,200.
    assert found.since_ns.tolist() == [-1, 1_200, -1]
    after = slice(120, None)
    expected = mannwhitneyu(values[after][CODES[after] == 1], values[after][CODES[after] != 1], method="asymptotic")
    # 60 roots, at least 7 on either side: 47 dates.
    assert np.exp(found.log_p[SINCE_CHANGE, 1]) == pytest.approx(float(expected.pvalue) * 47)
    assert found.log_p[SINCE_CHANGE, 1] < found.log_p[WHOLE, 1]


def test_removed_roots_are_not_compared() -> None:
    values = _noise() + (CODES == 1) * 0.5
    is_left = CODES != 1
    found = compare_slices(*_sample(values), is_left)
    expected = mannwhitneyu(values[CODES == 0], values[CODES == 2], method="asymptotic")
    assert np.exp(found.log_p[WHOLE]).tolist() == pytest.approx([float(expected.pvalue), 1, float(expected.pvalue)])
    assert compare_slices(*_sample(values), np.arange(ROOTS) < 19).log_p.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_failures_are_tested_by_fisher() -> None:
    failed = (np.arange(ROOTS) % 12 == 2).astype(float) + (np.arange(ROOTS) % 40 == 3)
    found = compare_slices(*_sample(failed, is_failure=True), ALL)
    for code in range(3):
        own, others = failed[code == CODES], failed[code != CODES]
        table = np.array([[own.sum(), (1 - own).sum()], [others.sum(), (1 - others).sum()]])
        assert np.exp(found.log_p[WHOLE, code]) == pytest.approx(float(fisher_exact(table).pvalue), rel=1e-6)
    assert found.is_higher[WHOLE].tolist() == [False, True, False]


def test_more_chances_to_fail_are_no_higher_rate() -> None:
    # Of the roots of kind 1 half fail, of the others none; the slice b is all of kind 1.
    groups = (CODES == 1).astype(np.int64)
    failed = (np.arange(ROOTS) % 8 == 2).astype(float)
    log_p = compare_slices(*_sample(failed, groups, is_failure=True), ALL).log_p[WHOLE]
    assert log_p.tolist() == [0, 0, 0]
    assert compare_slices(*_sample(failed, is_failure=True), ALL).log_p[WHOLE, 1] < -20


def test_some_roots_are_compared_with_some_others() -> None:
    values = _noise()
    sample, _ = _sample(values)
    log_p, is_higher = compare_roots(sample, values, CODES == 1, CODES == 2)
    expected = mannwhitneyu(values[CODES == 1], values[CODES == 2], method="asymptotic")
    assert np.exp(log_p) == pytest.approx(float(expected.pvalue))
    assert is_higher == (expected.statistic > 60 * 60 / 2)
    assert compare_roots(sample, values, CODES == 1, np.arange(ROOTS) == 0) == (0.0, False)


def test_one_slice_alone_shows_smaller_changes() -> None:
    values = _noise(22) + ((CODES == 1) & (np.arange(ROOTS) >= 160)) * 0.45
    sample, parts = _sample(values)
    assert compare_slices(sample, parts, ALL).since_ns[1] == -1
    found = compare_since_change(sample, ALL, CODES == 1)
    assert found is not None
    since_ns, log_p, is_higher = found
    assert abs(since_ns - 1_600) <= 200
    assert log_p < np.log(0.05)
    assert is_higher


def test_a_slice_without_a_change_has_none() -> None:
    sample, _ = _sample(_noise(5))
    assert compare_since_change(sample, ALL, CODES == 1) is None
    assert compare_since_change(sample, ALL, np.arange(ROOTS) < 12) is None
