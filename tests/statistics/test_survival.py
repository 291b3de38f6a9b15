"""Survival curves equal to those of scipy and of exact fractions, and survival times equal to those of the curves."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from cce_etl.statistics.groups import sort_groups
from cce_etl.statistics.survival import survival_curve, survival_times

LIVES = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("SFR")), min_size=1, max_size=40)
Lives = list[tuple[int, str]]


def columns(lives: Lives) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    seconds = np.array([float(time) for time, _ in lives])
    return seconds, *(np.array([end == word for _, end in lives]) for word in "SF")  # type: ignore[return-value]


@given(LIVES)
def test_survival_is_that_of_scipy(lives: Lives) -> None:
    found = survival_curve(*columns(lives))
    wanted = ecdf(CensoredData.right_censored([time for time, _ in lives], [end == "R" for _, end in lives])).sf
    assert found.seconds.tolist() == wanted.quantiles.tolist()
    assert found.survival == pytest.approx(wanted.probabilities, abs=1e-9)


@given(LIVES)
def test_incidences_are_the_aalen_johansen_sums_in_fractions(lives: Lives) -> None:
    found = survival_curve(*columns(lives))
    survival, succeeded, failed = Fraction(1), Fraction(0), Fraction(0)
    for place, time in enumerate(found.seconds.tolist()):
        at_risk = sum(one >= time for one, _ in lives)
        ends = {word: sum(one == time and end == word for one, end in lives) for word in "SFR"}
        succeeded += survival * Fraction(ends["S"], at_risk)
        failed += survival * Fraction(ends["F"], at_risk)
        survival *= 1 - Fraction(ends["S"] + ends["F"], at_risk)
        counts = (found.at_risk[place], found.succeeded[place], found.failed[place], found.censored[place])
        assert counts == (at_risk, ends["S"], ends["F"], ends["R"])
        assert found.success_incidence[place] == pytest.approx(float(succeeded), abs=1e-9)
        assert found.failure_incidence[place] == pytest.approx(float(failed), abs=1e-9)


def test_no_lifetimes_have_an_empty_curve() -> None:
    empty = np.empty(0)
    assert len(survival_curve(empty, empty.astype(bool), empty.astype(bool)).seconds) == 0


@given(st.lists(LIVES, min_size=1, max_size=4), st.sampled_from([0.5, 0.1, 0.05]))
def test_survival_times_are_the_first_at_which_each_groups_curve_is_low_enough(
    groups: list[Lives], share: float
) -> None:
    ordered = [sorted((time, end == "R") for time, end in lives) for lives in groups]
    seconds = np.array([float(time) for lives in ordered for time, _ in lives])
    numbers = np.repeat(np.arange(len(groups)), [len(lives) for lives in ordered])
    places = [[place for place, (_, is_cut) in enumerate(lives, 1) if is_cut] for lives in ordered]
    found = survival_times(
        sort_groups(seconds, numbers, len(groups)),
        np.array([place for own in places for place in own], dtype=np.int64),
        np.array([len(own) for own in places]),
        share,
    )
    for lives, value in zip(groups, found.tolist(), strict=True):
        whole = survival_curve(*columns(lives))
        reached = whole.seconds[whole.survival <= share + 1e-12]
        assert value == pytest.approx(reached[0] if len(reached) else np.nan, nan_ok=True)
