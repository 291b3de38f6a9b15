"""q-values of one family."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from cce_etl.statistics.false_discovery import q_values


def test_q_is_p_times_the_family_over_the_rank() -> None:
    assert q_values(np.array([0.01, 0.5, 0.02, 0.8])).tolist() == pytest.approx([0.04, 0.5 * 4 / 3, 0.04, 0.8])


def test_an_empty_family_has_none() -> None:
    assert q_values(np.empty(0)).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_they_are_those_of_scipy_also_for_ties(p_values: list[float]) -> None:
    found = q_values(np.array(p_values))
    assert found.tolist() == pytest.approx(false_discovery_control(np.array(p_values)).tolist(), rel=1e-12)
