"""Round durations around those drawn."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.analysis.report.duration_axis import duration_axis


def drawn(shortest: float, longest: float) -> Any:
    """Return the axis as Vega gets it."""
    return duration_axis(shortest, longest).to_dict()


@pytest.mark.parametrize(
    ("shortest", "longest", "ticks"),
    [
        (62.0, 75.0, [60, 120]),
        (60.0, 60.0, [30, 60, 120]),
        (3.0, 50.0, [2, 5, 10, 20, 30, 60]),
        (0.3, 0.4, [0.2, 0.5]),
        (100.0, 90_000.0, [60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800]),
    ],
)
def test_the_axis_runs_between_round_durations_with_few_labels(
    shortest: float, longest: float, ticks: list[float]
) -> None:
    axis = drawn(shortest, longest)
    assert axis["scale"]["domain"] == pytest.approx([ticks[0], ticks[-1]])
    apart = -(-len(ticks) // 5)
    assert axis["axis"]["values"] == pytest.approx(ticks[::apart])


def test_labels_say_seconds_minutes_hours_and_days() -> None:
    labels = drawn(30.0, 20_000.0)["axis"]["labelExpr"]
    assert labels == '{"30": "30 s", "300": "5 m", "1800": "30 m", "14400": "4 h"}[datum.value]'


@given(st.floats(min_value=1e-9, max_value=1e9), st.floats(min_value=1, max_value=1e9))
def test_every_duration_lies_on_its_axis(shortest: float, factor: float) -> None:
    longest = min(shortest * factor, 8e9)
    low, high = drawn(shortest, longest)["scale"]["domain"]
    assert low <= shortest * (1 + 1e-12)
    assert longest <= high
    assert low < high
