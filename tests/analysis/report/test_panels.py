"""The small charts of durations by day."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame, Timestamp

from cce_etl.analysis import Published, open_published
from cce_etl.analysis.report.panels import days_chart, duration_axis, read_panels
from cce_etl.analysis.report.queries import rows_of
from cce_etl.analysis.report.svg import svg_element

from .conftest import Write


def drawn(chart: dict[str, Any], *place: int) -> list[dict[str, Any]]:
    """Return the values of a layer of the upper chart, or of the lower one."""
    part = chart["vconcat"][place[0]]
    data = part["layer"][place[1]]["data"] if len(place) > 1 else part["data"]
    values: list[dict[str, Any]] = chart["datasets"][data["name"]]
    return values


def days(p50: list[float], p95: list[float]) -> Any:
    created_on = [Timestamp(f"2026-05-{day:02d}") for day in range(1, len(p50) + 1)]
    return rows_of(DataFrame({"created_on": created_on, "measured_count": 4, "p50_seconds": p50, "p95_seconds": p95}))


WINDOW = (Timestamp("2026-05-01"), Timestamp("2026-05-03"))


def test_a_day_has_its_median_its_high_percentile_and_its_count() -> None:
    chart = days_chart(days([10.0, 12.0], [20.0, 25.0]), [], WINDOW).to_dict()
    assert [each["value"] for each in drawn(chart, 0, 1)] == [20.0, 25.0]
    assert drawn(chart, 0, 2) == [
        {"day": "2026-05-01T00:00:00Z", "value": 10.0},
        {"day": "2026-05-02T00:00:00Z", "value": 12.0},
    ]
    assert [each["value"] for each in drawn(chart, 1)] == [4, 4, 0]


def test_zero_seconds_have_no_place_on_a_logarithmic_scale() -> None:
    chart = days_chart(days([0.0, 12.0], [20.0, 25.0]), [], WINDOW).to_dict()
    assert [each["value"] for each in drawn(chart, 0, 2)] == [12.0]


def test_only_changes_within_the_window_are_marked() -> None:
    at = [Timestamp("2026-04-30 10:00"), Timestamp("2026-05-01 12:30"), Timestamp("2026-05-09")]
    chart = days_chart(days([10.0, 12.0], [20.0, 25.0]), at, WINDOW).to_dict()
    assert [each["day"] for each in drawn(chart, 0, 0)] == ["2026-05-01T12:30:00Z"]


def test_a_panel_holds_its_days_oldest_first_and_the_figures_of_its_type(opened: Published) -> None:
    (panel,) = read_panels(opened, ())
    assert (panel.about.job_type, panel.about.measured_count, panel.about.critical_path_share) == (
        *("InstallMaster", 348),
        0.625,
    )
    assert [f"{each.created_on:%d}" for each in panel.days] == [f"{day:02d}" for day in range(1, 31)]
    assert panel.svg.startswith("<svg ")


def test_a_day_alone_is_a_dot() -> None:
    assert days_chart(days([10.0], [20.0]), [], WINDOW).to_dict()["vconcat"][0]["layer"][2]["mark"]["point"]
    assert not days_chart(days([10.0, 9.0], [20.0, 10.0]), [], WINDOW).to_dict()["vconcat"][0]["layer"][2]["mark"][
        "point"
    ]


def dates(first: str, last: str) -> list[str]:
    """Return the dates below a chart from a first to a last day."""
    window = (Timestamp(first), Timestamp(last))
    return re.findall(r">(\d+ [A-Z][a-z]+)</text>", svg_element(days_chart(days([10.0], [20.0]), [], window)))


def test_a_few_days_are_each_named_once_and_of_many_some() -> None:
    assert dates("2026-02-28", "2026-02-28") == ["28 Feb"]
    assert dates("2026-02-26", "2026-03-02") == ["26 Feb", "27 Feb", "28 Feb", "1 Mar", "2 Mar"]
    many = dates("2026-02-01", "2026-02-06")
    assert len(many) == len(set(many)) >= 5


def daily(created_on: str, kind: str = "T", p95_seconds: float = 2.0) -> tuple[Any, ...]:
    return ("s", kind, created_on, 5, 1.0, p95_seconds)


def panels_of(write: Write, *rows: tuple[Any, ...]) -> list[tuple[list[str], bool]]:
    """Return the days and whether there is a picture, of each panel."""
    kinds = sorted({row[1] for row in rows})
    types = [("s", kind, 9, 9, 1.0, None, None, 2.0, 1.5, 9, 0, 1.0, 2.0) for kind in kinds]
    path = write("panels", {"step_durations": types, "step_durations_daily": list(rows)})
    with open_published(path) as published:
        return [
            ([f"{day.created_on:%Y-%m-%d}" for day in each.days], bool(each.svg)) for each in read_panels(published, ())
        ]


def test_only_the_newest_days_are_shown_and_none_after_the_publishing(write: Write) -> None:
    rows = [daily(day) for day in ("2018-08-02", "2025-12-29", "2025-12-30", "2026-06-30", "2026-07-01", "2199-01-01")]
    assert panels_of(write, *rows) == [(["2025-12-30", "2026-06-30", "2026-07-01"], True)]


def test_a_type_without_days_in_the_window_or_without_lengths_has_no_picture(write: Write) -> None:
    rows = [daily("2018-08-02", "Old"), daily("2026-06-30"), daily("2026-06-30", "Zero", 0.0)]
    assert panels_of(write, *rows) == [([], False), (["2026-06-30"], True), (["2026-06-30"], False)]


def axis_of(shortest: float, longest: float) -> Any:
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
    axis = axis_of(shortest, longest)
    assert axis["scale"]["domain"] == pytest.approx([ticks[0], ticks[-1]])
    apart = -(-len(ticks) // 5)
    assert axis["axis"]["values"] == pytest.approx(ticks[::apart])


def test_labels_say_seconds_minutes_hours_and_days() -> None:
    labels = axis_of(30.0, 20_000.0)["axis"]["labelExpr"]
    assert labels == '{"30": "30 s", "300": "5 m", "1800": "30 m", "14400": "4 h"}[datum.value]'


@given(st.floats(min_value=1e-9, max_value=1e9), st.floats(min_value=1, max_value=1e9))
def test_every_duration_lies_on_its_axis(shortest: float, factor: float) -> None:
    longest = min(shortest * factor, 8e9)
    low, high = axis_of(shortest, longest)["scale"]["domain"]
    assert low <= shortest * (1 + 1e-12)
    assert longest <= high
    assert low < high
