"""The Kaplan-Meier curve of a window, by hand and against the model of the whole history."""

from math import isnan

import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal

from cce_etl.analysis import Published, percentile_seconds, survival
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
