"""The chart of failure and blame: two rates a step type, the counts of both."""

from typing import Any

from pandas import DataFrame

from cce_etl.analysis import blame_chart

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


def rows(rates: DataFrame) -> list[dict[str, Any]]:
    """Return the rows drawn, those with a count last."""
    drawn = blame_chart(rates, "T").to_dict()["datasets"].values()
    return max(drawn, key=len)


def test_every_type_has_both_rates_with_their_intervals() -> None:
    found = [(row["step"], row["rate"], row["low"], row["share"], row["high"]) for row in rows(RATES)]
    assert found == [
        ("InstallNode", "failed", 0.18, 0.2, 0.23),
        ("no type sent", "failed", 0.02, 0.1, 0.4),
        ("InstallNode", "to blame", 0.13, 0.15, 0.17),
        ("no type sent", "to blame", 0.0, 0.0, 0.28),
    ]


def test_the_counts_stand_once_a_type_right_of_the_longer_interval() -> None:
    texts = [(row["count"], row["end"]) for row in rows(RATES) if row["count"]]
    assert texts == [("200 and 150 of 1,000", 0.23), ("1 and 0 of 10", 0.4)]


def test_types_stay_in_the_order_given() -> None:
    chart = blame_chart(RATES.iloc[::-1], "T").to_dict()
    assert chart["layer"][0]["encoding"]["y"]["sort"] == ["no type sent", "InstallNode"]


def test_several_sources_are_named_apart() -> None:
    two = RATES.assign(source=["s", "t"])
    assert [row["step"] for row in rows(two)][:2] == ["InstallNode (s)", "no type sent (t)"]
