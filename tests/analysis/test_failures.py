"""Failure rates, read from the mart."""

from typing import Any

import pytest
from pandas import DataFrame, concat

from cce_etl.analysis import Published, blame_chart, failure_chart, failure_rates


def test_rates_come_highest_first_with_their_counts(published: Published) -> None:
    rates = failure_rates(published)
    first = rates.iloc[0]
    assert (first["job_type"], first["failed_count"], first["finished_count"]) == ("InstallMaster", 1, 4)
    assert rates["failure_rate"].is_monotonic_decreasing


def test_the_interval_is_wilsons(published: Published) -> None:
    first = failure_rates(published).iloc[0]
    # 1 of 4: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96
    assert first["failure_rate"] == 0.25
    assert first["failure_rate_low"] == pytest.approx(0.0456, abs=5e-5)
    assert first["failure_rate_high"] == pytest.approx(0.6994, abs=5e-5)


def test_a_type_of_which_nothing_finished_has_no_rate_and_no_row(published: Published) -> None:
    assert set(failure_rates(published)["job_type"]) == {"InstallMaster", "CreateServers", "CreateServer"}


def rows(rates: DataFrame) -> list[dict[str, Any]]:
    (found,) = failure_chart(rates, "T").to_dict()["datasets"].values()
    return list(found)


def test_a_step_type_has_its_rate_its_interval_and_its_counts(published: Published) -> None:
    row = rows(failure_rates(published))[0]
    assert (row["step"], row["count"], row["failure_rate"]) == ("InstallMaster", "1 of 4", 0.25)
    assert row["failure_rate_low"] < 0.25 < row["failure_rate_high"]


def test_several_sources_are_named_apart(published: Published) -> None:
    rates = failure_rates(published)
    both = concat([rates, rates.assign(source="t")], ignore_index=True)
    assert {row["step"] for row in rows(both)} >= {"InstallMaster (s)", "InstallMaster (t)"}


def test_a_step_without_a_type_is_said_to_have_none(published: Published) -> None:
    rates = failure_rates(published).assign(job_type=None)
    assert rows(rates)[0]["step"] == "no type sent"


def test_the_axis_says_what_the_share_is_of(published: Published) -> None:
    x = failure_chart(failure_rates(published), "T").to_dict()["layer"][1]["encoding"]["x"]
    assert x["title"] == "Failure rate (share of finished steps)"
    assert x["axis"]["format"] == ".0%"


RATES = DataFrame(
    [
        ("s", "InstallNode", 1000, 200, 150, 0.2, 0.18, 0.23, 0.15, 0.13, 0.17),
        ("s", None, 10, 1, 0, 0.1, 0.02, 0.4, 0.0, 0.0, 0.28),
    ],
    columns=[
        *("source", "job_type", "finished_count", "failed_count", "blamed_count"),
        *("failure_rate", "failure_rate_low", "failure_rate_high"),
        *("blamed_rate", "blamed_rate_low", "blamed_rate_high"),
    ],
)


def blame_rows(rates: DataFrame) -> list[dict[str, Any]]:
    """Return the rows drawn, those with a count last."""
    drawn = blame_chart(rates, "T").to_dict()["datasets"].values()
    return max(drawn, key=len)


def test_every_type_has_both_rates_with_their_intervals() -> None:
    found = [(row["step"], row["rate"], row["low"], row["share"], row["high"]) for row in blame_rows(RATES)]
    assert found == [
        ("InstallNode", "failed", 0.18, 0.2, 0.23),
        ("no type sent", "failed", 0.02, 0.1, 0.4),
        ("InstallNode", "to blame", 0.13, 0.15, 0.17),
        ("no type sent", "to blame", 0.0, 0.0, 0.28),
    ]


def test_the_counts_stand_once_a_type_right_of_the_longer_interval() -> None:
    texts = [(row["count"], row["end"]) for row in blame_rows(RATES) if row["count"]]
    assert texts == [("200 and 150 of 1,000", 0.23), ("1 and 0 of 10", 0.4)]


def test_types_stay_in_the_order_given() -> None:
    chart = blame_chart(RATES.iloc[::-1], "T").to_dict()
    assert chart["layer"][0]["encoding"]["y"]["sort"] == ["no type sent", "InstallNode"]


def test_several_sources_are_named_apart_with_blame() -> None:
    two = RATES.assign(source=["s", "t"])
    assert [row["step"] for row in blame_rows(two)][:2] == ["InstallNode (s)", "no type sent (t)"]
