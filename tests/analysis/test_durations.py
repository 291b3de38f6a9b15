"""Durations of one step type, of hand-written jobs."""

from typing import Any

import pytest
from pandas import DataFrame, Timestamp, date_range, isna

from cce_etl.analysis import Published, daily_medians, duration_chart, durations, measured_successes
from cce_etl.analysis.durations import MAX_POINTS
from cce_etl.errors import ConfigError

DAY, NEXT_DAY = Timestamp("2026-06-01"), Timestamp("2026-06-02")


def steps(*rows: tuple[str, str | None, float | None]) -> DataFrame:
    """Return a frame of phase, start and duration."""
    frame = DataFrame(rows, columns=["phase", "created_at", "duration_seconds"])
    return frame.assign(created_at=frame["created_at"].astype("datetime64[ns]"))


def test_every_finished_step_is_a_row_oldest_first_and_those_without_a_start_last(published: Published) -> None:
    frame = durations(published, "InstallMaster")
    assert frame["job_id"].to_list() == ["a", "g", "f", "h"]
    assert frame["phase"].to_list() == ["Success", "Success", "Failed", "Success"]
    assert frame["path"].to_list() == ["0", "1", "0", "2"]


def test_durations_are_exact_and_missing_without_a_clock(published: Published) -> None:
    frame = durations(published, "InstallMaster").set_index("job_id")
    assert frame["duration_seconds"].drop("h").to_dict() == {"a": 30.000000001, "g": 50.0, "f": 20.0}
    assert isna(frame["duration_seconds"]["h"])
    assert frame["created_at"]["f"].nanosecond == 789


def test_the_keys_of_extend_param_become_columns_as_sent(published: Published) -> None:
    frame = durations(published, "InstallMaster").set_index("job_id")
    assert frame["cluster.flavor"].dropna().to_dict() == {"a": "large", "f": "small"}
    assert frame["zone"].dropna().to_dict() == {"a": "b", "f": "", "h": "a"}


def test_a_key_named_like_a_column_gets_a_name_of_its_own(published: Published) -> None:
    frame = durations(published, "InstallMaster").set_index("job_id")
    assert frame["extend_param.phase"].dropna().to_dict() == {"a": "odd"}


def test_an_unknown_step_is_a_mistake_that_names_the_nearest(published: Published) -> None:
    with pytest.raises(ConfigError, match=r"no step type 'InstalMaster'.*Nearest: 'InstallMaster'"):
        durations(published, "InstalMaster")


def test_without_cohorts_there_are_only_the_columns_that_are_always_there(published: Published) -> None:
    frame = durations(published, "CreateServer")
    always = ["source", "root_job_id", "path", "job_id", "phase", "created_at", "duration_seconds"]
    assert frame.columns.to_list() == always
    assert len(frame) == 2


def test_measured_are_successes_of_zero_seconds_or_more() -> None:
    day = "2026-06-01"
    frame = steps(("Success", day, 0.0), ("Success", day, -1.0), ("Success", day, None), ("Failed", day, 5.0))
    assert measured_successes(frame)["duration_seconds"].to_list() == [0.0]


def test_a_day_ends_at_midnight_utc_and_failures_do_not_count() -> None:
    frame = steps(
        ("Success", "2026-06-01 00:00:00", 1.0),
        ("Success", "2026-06-01 23:59:59.999999999", 4.0),
        ("Success", "2026-06-02 00:00:00", 9.0),
        ("Failed", "2026-06-02 00:00:00", 1_000.0),
        ("Success", None, 1_000.0),
    )
    expected = [(DAY, 2, 2.5), (NEXT_DAY, 1, 9.0)]
    assert list(daily_medians(frame).itertuples(index=False, name=None)) == expected


def test_daily_medians_are_those_of_the_mart(demo: Published) -> None:
    medians = daily_medians(durations(demo, "InstallMaster"))
    mart = demo.frame(
        """
        SELECT created_on::TIMESTAMP_NS AS created_on, measured_count AS step_count, p50_seconds AS median_seconds
        FROM marts.step_durations_daily
        WHERE job_type = 'InstallMaster' AND measured_count > 0 AND created_on IS NOT NULL
        ORDER BY created_on
        """
    )
    assert len(mart) > 90
    assert medians["created_on"].to_list() == mart["created_on"].to_list()
    assert medians["step_count"].to_list() == mart["step_count"].to_list()
    assert medians["median_seconds"].to_list() == pytest.approx(mart["median_seconds"].to_list())


def values(chart: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart["datasets"][chart["layer"][layer]["data"]["name"]]
    return found


def started_steps(count: int) -> DataFrame:
    started = date_range("2026-06-01", periods=count, freq="min", unit="ns")
    return DataFrame({"phase": "Success", "created_at": started, "duration_seconds": 5.0})


def test_points_are_the_measured_successes_and_the_rest_is_counted(published: Published) -> None:
    chart = duration_chart(durations(published, "InstallMaster"), "InstallMaster").to_dict()
    assert [point["duration_seconds"] for point in values(chart, 0)] == [30.000000001, 50.0]
    assert chart["title"]["text"] == "InstallMaster"
    assert "2 steps in phase Success" in chart["title"]["subtitle"]
    assert "Not shown: 2 (failed, without a start or end time, or 0 s)" in chart["title"]["subtitle"]


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
    frame = started_steps(2).assign(duration_seconds=[0.0, 5.0])
    chart = duration_chart(frame, "T").to_dict()
    assert [point["duration_seconds"] for point in values(chart, 0)] == [5.0]
    assert "Not shown: 1" in chart["description"]


@pytest.mark.parametrize(("count", "words"), [(MAX_POINTS, "4,000 steps"), (6_000, "4,000 of 6,000 steps")])
def test_more_steps_than_can_be_drawn_are_drawn_in_part(count: int, words: str) -> None:
    chart = duration_chart(started_steps(count), "T").to_dict()
    assert len(values(chart, 0)) == MAX_POINTS
    assert f"Points: {words} in phase Success" in chart["title"]["subtitle"]


def test_no_steps_make_an_empty_chart() -> None:
    chart = duration_chart(started_steps(0), "T").to_dict()
    assert values(chart, 0) == []
    assert "Points: 0 steps" in chart["title"]["subtitle"]
