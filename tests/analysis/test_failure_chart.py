"""The chart of failure rates."""

from typing import Any

from pandas import DataFrame, concat

from cce_etl.analysis import Published, failure_chart, failure_rates


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
