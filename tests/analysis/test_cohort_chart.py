"""The chart of cohorts: its lines, their order, and the two periods."""

from typing import Any

import pytest
from pandas import DataFrame

from cce_etl.analysis import cohort_chart
from cce_etl.analysis.charts import BLUE, ORANGE
from cce_etl.analysis.cohort_chart import MOST_COHORTS

COMPARED = DataFrame(
    {
        "cluster.flavor": ["large", "small", "large"],
        "zone": ["a", "a", "b"],
        "step_count": [1_000, 3, 2],
        "job_count": [500, 3, 1],
        "p10_seconds": [1.0, 1.0, 1.0],
        "p50_seconds": [3.0, 4.0, 2.0],
        "p90_seconds": [5.0, 5.0, 5.0],
        "p50_low": [2.0, 2.0, float("nan")],
        "p50_high": [4.0, 4.5, float("nan")],
    }
)


def rows(chart: dict[str, Any]) -> list[dict[str, Any]]:
    (found,) = chart["datasets"].values()
    return list(found)


def test_a_cohort_is_named_by_all_its_columns_and_says_how_much_it_rests_on() -> None:
    chart = cohort_chart(COMPARED, ["cluster.flavor", "zone"], "T").to_dict()
    assert [row["cohort"] for row in rows(chart)] == ["large, a", "small, a", "large, b"]
    assert rows(chart)[0]["count"] == "1,000 steps, 500 jobs"


def test_the_slowest_cohort_is_on_top() -> None:
    chart = cohort_chart(COMPARED, ["cluster.flavor", "zone"], "T").to_dict()
    y = chart["layer"][0]["encoding"]["y"]
    assert y["sort"] == ["small, a", "large, a", "large, b"]
    assert y["title"] == "cluster.flavor, zone"


def test_a_missing_interval_is_no_number_rather_than_zero() -> None:
    chart = cohort_chart(COMPARED, ["cluster.flavor", "zone"], "T").to_dict()
    assert rows(chart)[2]["p50_low"] is None


def test_one_period_needs_no_legend() -> None:
    chart = cohort_chart(COMPARED, ["cluster.flavor", "zone"], "T").to_dict()
    assert chart["layer"][0]["encoding"]["color"] == {"value": BLUE}
    assert "shape" not in chart["layer"][2]["encoding"]


def test_two_periods_differ_in_colour_shape_and_place() -> None:
    compared = COMPARED.assign(period=["from 22 May", "before 22 May", "before 22 May"])
    encoding = cohort_chart(compared, ["zone"], "T").to_dict()["layer"][2]["encoding"]
    domain = ["before 22 May", "from 22 May"]
    assert encoding["color"]["scale"] == {"domain": domain, "range": [BLUE, ORANGE]}
    assert encoding["shape"]["scale"]["domain"] == domain
    assert encoding["yOffset"]["sort"] == domain


def test_of_very_many_cohorts_the_slowest_are_drawn() -> None:
    one = COMPARED.iloc[[0] * (MOST_COHORTS + 5)]
    many = one.assign(zone=[f"zone {number}" for number in range(len(one))], p50_seconds=range(1, len(one) + 1))
    chart = cohort_chart(many, ["zone"], "T").to_dict()
    drawn = {row["cohort"] for row in rows(chart)}
    assert len(drawn) == MOST_COHORTS
    assert drawn.isdisjoint(f"zone {number}" for number in range(5))
    assert chart["title"]["subtitle"].endswith(f"Shown: the slowest {MOST_COHORTS} of {MOST_COHORTS + 5}.")


@pytest.mark.parametrize("layer", range(4))
def test_every_layer_is_in_seconds_on_a_logarithmic_scale(layer: int) -> None:
    x = cohort_chart(COMPARED, ["zone"], "T").to_dict()["layer"][layer]["encoding"]["x"]
    assert x["title"] == "Duration (seconds, log scale)"
    assert x["scale"]["type"] == "log"
