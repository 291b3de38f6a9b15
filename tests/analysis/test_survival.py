"""The Kaplan-Meier curve of a window, by hand and against the model of the whole history."""

from math import isnan
from typing import Any

import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal

from cce_etl.analysis import Published, percentile_seconds, running_chart, survival, survival_chart
from cce_etl.analysis.charts import PHASE_COLOURS
from cce_etl.errors import ConfigError, WarehouseError

# In the three jobs: 20 s (failed), 30 s and 50 s ended; one runs since 60 s; one lacks its clocks.
ALL = "InstallMaster"


def test_running_steps_are_at_risk_up_to_their_age_and_steps_without_clocks_are_left_out(published: Published) -> None:
    curve = survival(published, ALL)
    assert curve["seconds"].tolist() == pytest.approx([20.0, 30.000000001, 50.0, 60.0])
    assert curve["at_risk_count"].tolist() == [4, 3, 2, 1]
    assert curve["ended_count"].tolist() == [1, 1, 1, 0]
    assert curve["censored_count"].tolist() == [0, 0, 0, 1]
    assert curve["survival"].tolist() == pytest.approx([3 / 4, 2 / 4, 1 / 4, 1 / 4])
    assert curve["ended_survival"].tolist() == pytest.approx([2 / 3, 1 / 3, 0.0, 0.0])


def test_a_window_begins_with_the_steps_that_start_then(published: Published) -> None:
    curve = survival(published, ALL, "2026-06-02 00:00:00.123456789")
    assert curve["seconds"].tolist() == [20.0, 60.0]
    assert curve["survival"].tolist() == [0.5, 0.5]


def test_without_an_end_the_curve_of_the_ended_ones_is_unknown(published: Published) -> None:
    curve = survival(published, ALL, "2026-07-01")
    assert curve["survival"].tolist() == [1.0]
    assert curve["ended_survival"].isna().all()


def test_an_unknown_step_is_a_mistake_that_names_the_nearest(published: Published) -> None:
    with pytest.raises(ConfigError, match=r"no step type 'InstalMaster'.*Nearest: 'InstallMaster'"):
        survival(published, "InstalMaster")


def test_a_time_that_is_none_is_refused(published: Published) -> None:
    with pytest.raises(WarehouseError):
        survival(published, ALL, "yesterday")


def test_of_all_steps_it_is_the_curve_of_the_model(published: Published) -> None:
    model = published.frame("""
        SELECT seconds, at_risk_count, succeeded_count + failed_count AS ended_count, censored_count, survival
        FROM marts.step_survival WHERE job_type = 'InstallMaster' ORDER BY seconds
    """)
    curve = survival(published, ALL).drop(columns="ended_survival")
    assert_frame_equal(curve, model, check_dtype=False)


def test_a_percentile_is_the_least_time_at_which_the_share_has_ended() -> None:
    curve = DataFrame({"seconds": [1.0, 2.0, 3.0], "survival": [0.9, 0.5, 0.4], "ended_survival": [0.5, 0.1, 0.0]})
    assert percentile_seconds(curve, 0.5) == 2.0
    assert percentile_seconds(curve, 0.5, "ended_survival") == 1.0
    assert percentile_seconds(curve, 0.1) == 1.0


def test_a_percentile_that_is_never_reached_is_unknown() -> None:
    assert isnan(percentile_seconds(DataFrame({"seconds": [1.0], "survival": [0.8]}), 0.5))


CURVE = DataFrame(
    {
        "seconds": [2.0, 3.0, 5.0],
        "ended_count": [1, 0, 1],
        "censored_count": [0, 2, 0],
        "survival": [0.75, 0.75, 0.0],
        "ended_survival": [0.5, 0.5, 0.0],
    }
)


def datasets(curve: DataFrame) -> list[list[dict[str, Any]]]:
    return list(survival_chart(curve, "T").to_dict()["datasets"].values())


def test_both_curves_begin_at_one() -> None:
    (lines,) = [rows for rows in datasets(CURVE) if "curve" in rows[0]]
    by_curve = {name: [row["share"] for row in lines if row["curve"] == name] for name in (r["curve"] for r in lines)}
    assert by_curve == {
        "Kaplan-Meier, with running steps": [1.0, 0.75, 0.75, 0.0],
        "ended steps only": [1.0, 0.5, 0.5, 0.0],
    }


def test_a_tick_stands_where_a_step_was_last_seen_running() -> None:
    assert [{"seconds": 3.0, "share": 0.75}] in datasets(CURVE)


def test_the_subtitle_counts_both() -> None:
    subtitle = survival_chart(CURVE, "T").to_dict()["title"]["subtitle"]
    assert subtitle == "2 steps ended, 2 were last seen running (ticks). Dotted line: half of them."


def test_a_curve_that_is_not_known_is_not_drawn() -> None:
    alone = CURVE.assign(ended_survival=float("nan"))
    (lines,) = [rows for rows in datasets(alone) if "curve" in rows[0]]
    assert [row["share"] for row in lines if row["curve"] == "ended steps only"] == [1.0]


RUNNING = DataFrame(
    [
        ("A", 10.0, 100.0, 200.0, False),
        ("A", 250.0, 100.0, 200.0, True),
        ("B", 30.0, 60.0, 61.0, False),
        (None, 5.0, None, None, False),
        ("B", -1.0, 60.0, 61.0, False),
        ("B", None, 60.0, 61.0, False),
    ],
    columns=["job_type", "age_seconds", "kind_p99_seconds", "kind_max_seconds", "is_stuck"],
)


def drawn() -> dict[str, Any]:
    chart: dict[str, Any] = running_chart(RUNNING, "T").to_dict()
    return chart


def rows(layer: int) -> list[dict[str, Any]]:
    chart = drawn()
    found: list[dict[str, Any]] = chart["datasets"][chart["layer"][layer]["data"]["name"]]
    return found


def test_every_step_with_an_age_is_a_dot() -> None:
    dots = [(row["job_type"], row["age_seconds"], row["state"]) for row in rows(1)]
    assert dots == [
        ("A", 10.0, "not stuck"),
        ("A", 250.0, "stuck"),
        ("B", 30.0, "not stuck"),
        ("no type sent", 5.0, "not stuck"),
    ]


def test_every_kind_with_a_finished_step_has_one_line() -> None:
    lines = [(row["job_type"], row["kind_p99_seconds"], row["kind_max_seconds"]) for row in rows(0)]
    assert lines == [("A", 100.0, 200.0), ("B", 60.0, 61.0)]


def test_the_kind_with_the_step_nearest_to_its_end_comes_first() -> None:
    assert drawn()["layer"][1]["encoding"]["y"]["sort"][:2] == ["A", "B"]


def test_a_stuck_step_has_the_colour_of_failure() -> None:
    scale = drawn()["layer"][1]["encoding"]["color"]["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True))["stuck"] == PHASE_COLOURS["Failed"]
