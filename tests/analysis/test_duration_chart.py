"""The chart of durations over time: what is in its data and its words."""

from typing import Any

import pytest
from pandas import DataFrame, date_range

from cce_etl.analysis import Published, duration_chart, durations
from cce_etl.analysis.duration_chart import MOST_POINTS


def values(chart: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart["datasets"][chart["layer"][layer]["data"]["name"]]
    return found


def steps(count: int) -> DataFrame:
    started = date_range("2026-06-01", periods=count, freq="min", unit="ns")
    return DataFrame({"phase": "Success", "created_at": started, "duration_seconds": 5.0})


def test_points_are_the_measured_successes_and_the_rest_is_counted(published: Published) -> None:
    chart = duration_chart(durations(published, "InstallMaster"), "InstallMaster").to_dict()
    assert [point["duration_seconds"] for point in values(chart, 0)] == [30.000000001, 50.0]
    assert chart["title"]["text"] == "InstallMaster"
    assert "2 steps in phase Success" in chart["title"]["subtitle"]
    assert "Not shown: 2 (failed, without a clock, or 0 s)" in chart["title"]["subtitle"]


def test_times_carry_their_zone_and_the_axis_reads_in_utc(published: Published) -> None:
    chart = duration_chart(durations(published, "InstallMaster"), "InstallMaster").to_dict()
    assert values(chart, 0)[0]["created_at"] == "2026-06-01T10:00:10+00:00"
    assert chart["layer"][0]["encoding"]["x"]["scale"] == {"type": "utc"}
    assert chart["layer"][0]["encoding"]["x"]["title"] == "Started (UTC)"


def test_the_line_is_the_median_of_each_day_at_its_noon(published: Published) -> None:
    chart = duration_chart(durations(published, "InstallMaster"), "InstallMaster").to_dict()
    assert values(chart, 1) == [
        {"noon": "2026-06-01T12:00:00+00:00", "median_seconds": 30.000000001},
        {"noon": "2026-06-02T12:00:00+00:00", "median_seconds": 50.0},
    ]


def test_a_duration_of_zero_has_no_place_on_a_logarithmic_axis() -> None:
    frame = steps(2).assign(duration_seconds=[0.0, 5.0])
    chart = duration_chart(frame, "T").to_dict()
    assert [point["duration_seconds"] for point in values(chart, 0)] == [5.0]
    assert "Not shown: 1" in chart["description"]


@pytest.mark.parametrize(("count", "words"), [(MOST_POINTS, "4,000 steps"), (6_000, "4,000 of 6,000 steps")])
def test_more_steps_than_can_be_drawn_are_drawn_in_part(count: int, words: str) -> None:
    chart = duration_chart(steps(count), "T").to_dict()
    assert len(values(chart, 0)) == MOST_POINTS
    assert f"Points: {words} in phase Success" in chart["title"]["subtitle"]


def test_no_steps_make_an_empty_chart() -> None:
    chart = duration_chart(steps(0), "T").to_dict()
    assert values(chart, 0) == []
    assert "Points: 0 steps" in chart["title"]["subtitle"]
