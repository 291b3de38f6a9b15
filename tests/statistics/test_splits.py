"""The best split of many slices, held to trying every one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.statistics.splits import best_splits


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
    gains, _, first_after = best_splits(values, codes, 2)
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
    gains, last_before, first_after = best_splits(values, codes, 2)
    # 12 zeros and 8 threes of 20: 20 * (12 / 20) * (8 / 20) * 3 ** 2
    assert gains.tolist() == pytest.approx([43.2, 0])
    assert (last_before.tolist(), first_after.tolist()) == ([22, -1], [24, -1])


def test_no_roots_have_no_split() -> None:
    gains, last_before, _ = best_splits(np.empty(0), np.empty(0, dtype=np.int64), 2)
    assert (gains.tolist(), last_before.tolist()) == ([0, 0], [-1, -1])
