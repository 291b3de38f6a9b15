"""Cohorts compared: hand-computed figures, what an interval must do, and the planted truth."""

from math import isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Series, Timestamp, to_datetime

from cce_etl.analysis import Published, change_in_median, cohort_chart, compare_cohorts, durations
from cce_etl.analysis.charts import BLUE, ORANGE
from cce_etl.analysis.cohorts import MAX_COHORTS, MIN_JOBS
from cce_etl.demo.fleet import Fleet

SECONDS = st.floats(min_value=0.001, max_value=100_000)


def steps(seconds: list[float], jobs: list[str] | None = None, **columns: str) -> DataFrame:
    """Return one successful step for each duration, each of a job of its own unless `jobs` says otherwise."""
    root_job_ids = jobs or [f"job {number}" for number in range(len(seconds))]
    frame = DataFrame({"source": "s", "root_job_id": root_job_ids, "phase": "Success", "duration_seconds": seconds})
    return frame.assign(**(columns or {"zone": "a"}))


def test_a_cohort_is_described_by_its_percentiles() -> None:
    (row,) = compare_cohorts(steps([0.0, 10.0, 20.0, 30.0, 40.0, 50.0]), ["zone"]).to_dict("records")
    assert (row["zone"], row["step_count"], row["job_count"]) == ("a", 6, 6)
    assert (row["p10_seconds"], row["p50_seconds"], row["p90_seconds"]) == (5.0, 25.0, 45.0)


def test_the_interval_of_the_median_by_hand() -> None:
    # Eight jobs, half of them on each side: variance of the share 8 * 0.5² / 8² * 8 / 7 = 1 / 28, reach 1.96 / sqrt(28)
    # = 0.3704; the quantiles 0.1296 and 0.8704 of 1..8 are 1 + 7 * 0.1296 and 1 + 7 * 0.8704.
    (row,) = compare_cohorts(steps([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), ["zone"]).to_dict("records")
    assert row["p50_low"] == pytest.approx(1.907, abs=5e-4)
    assert row["p50_high"] == pytest.approx(7.093, abs=5e-4)


def test_more_steps_of_the_same_jobs_are_no_more_evidence() -> None:
    seconds = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    jobs = [f"job {number}" for number in range(8)]
    row = compare_cohorts(steps(seconds * 50, jobs * 50), ["zone"]).iloc[0]
    # The same reach as with one step a job: the quantiles 0.1296 and 0.8704 of fifty 1s, fifty 2s, ... fifty 8s.
    assert (row["step_count"], row["job_count"]) == (400, 8)
    assert (row["p50_low"], row["p50_high"]) == (2.0, 7.0)


def test_the_same_job_id_in_two_sources_is_two_jobs() -> None:
    frame = steps([1.0, 2.0], ["one", "one"]).assign(source=["s", "t"])
    assert compare_cohorts(frame, ["zone"])["job_count"].to_list() == [2]


def test_too_few_jobs_have_no_interval() -> None:
    few = steps([float(number) for number in range(1, MIN_JOBS)])
    (row,) = compare_cohorts(few, ["zone"]).to_dict("records")
    assert isnan(row["p50_low"])
    assert isnan(row["p50_high"])
    assert isnan(change_in_median(few, few).ratio)


def test_cohorts_come_slowest_first_and_steps_without_one_are_left_out() -> None:
    frame = steps([1.0, 5.0, 9.0, 7.0]).assign(flavor=["x", "x", "x", "y"])
    frame["zone"] = Series(["a", "b", None, "b"])
    compared = compare_cohorts(frame, ["zone", "flavor"])
    assert list(zip(compared["zone"], compared["flavor"], strict=True)) == [("b", "y"), ("b", "x"), ("a", "x")]


def test_failures_and_negative_durations_do_not_count() -> None:
    frame = steps([1.0, -5.0, 9.0]).assign(phase=["Success", "Success", "Failed"])
    assert compare_cohorts(frame, ["zone"])["step_count"].to_list() == [1]


def test_no_steps_make_no_cohorts() -> None:
    compared = compare_cohorts(steps([]), ["zone"])
    assert len(compared) == 0
    assert "p50_seconds" in compared


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="flavour"):
        compare_cohorts(steps([1.0]), ["flavour"])


@settings(max_examples=40, deadline=None)
@given(st.lists(SECONDS, min_size=1, max_size=40), st.integers(min_value=1, max_value=4))
def test_the_median_lies_in_its_interval_and_the_interval_in_the_data(seconds: list[float], per_job: int) -> None:
    jobs = [f"job {number // per_job}" for number in range(len(seconds))]
    row = compare_cohorts(steps(seconds, jobs), ["zone"]).iloc[0]
    if row["job_count"] >= MIN_JOBS:
        slack = 1 + 1e-12
        assert min(seconds) / slack <= row["p50_low"] <= row["p50_seconds"] * slack
        assert row["p50_seconds"] <= row["p50_high"] * slack
        assert row["p50_high"] <= max(seconds) * slack


@settings(max_examples=30, deadline=None)
@given(st.lists(SECONDS, min_size=MIN_JOBS, max_size=20), st.sampled_from([0.25, 1.0, 2.0, 8.0]))
def test_steps_that_take_k_times_as_long_change_by_k_and_back_by_its_inverse(seconds: list[float], k: float) -> None:
    before, after = steps(seconds), steps([one * k for one in seconds])
    there, back = change_in_median(before, after), change_in_median(after, before)
    assert there.ratio == pytest.approx(k)
    assert there.ratio_low <= there.ratio * (1 + 1e-9)
    assert there.ratio <= there.ratio_high * (1 + 1e-9)
    assert (back.ratio_low, back.ratio_high) == pytest.approx((1 / there.ratio_high, 1 / there.ratio_low))


def test_a_median_of_zero_seconds_has_no_ratio() -> None:
    assert isnan(change_in_median(steps([0.0] * 8), steps([1.0] * 8)).ratio)


def test_a_change_reads_as_a_sentence() -> None:
    assert str(change_in_median(steps([2.0] * 8), steps([5.0] * 8))) == "2.50 times (95 % interval 2.50 to 2.50)"


def test_the_planted_cohort_comes_first_and_its_planted_ratio_lies_in_the_interval(
    demo: Published, fleet: Fleet
) -> None:
    slow = fleet.truth.slow
    frame = durations(demo, slow.job_type)
    since = Timestamp(to_datetime(slow.since_ns))
    late, early = frame[frame["created_at"] >= since], frame[frame["created_at"] < since]
    compared = compare_cohorts(late, ["cluster.flavor", "availability-zone"])
    assert compared.iloc[0, :2].to_list() == [slow.flavor, slow.zone]
    assert compared["p50_low"][0] > compared["p50_high"].drop(0).max()
    change = change_in_median(*(_cohort(some, slow.flavor, slow.zone) for some in (early, late)))
    assert change.ratio_low < slow.duration_ratio < change.ratio_high
    assert change.ratio_low > 2


def _cohort(frame: DataFrame, flavor: str, zone: str) -> DataFrame:
    return frame[(frame["cluster.flavor"] == flavor) & (frame["availability-zone"] == zone)]


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
    one = COMPARED.iloc[[0] * (MAX_COHORTS + 5)]
    many = one.assign(zone=[f"zone {number}" for number in range(len(one))], p50_seconds=range(1, len(one) + 1))
    chart = cohort_chart(many, ["zone"], "T").to_dict()
    drawn = {row["cohort"] for row in rows(chart)}
    assert len(drawn) == MAX_COHORTS
    assert drawn.isdisjoint(f"zone {number}" for number in range(5))
    assert chart["title"]["subtitle"].endswith(f"Shown: the slowest {MAX_COHORTS} of {MAX_COHORTS + 5}.")


@pytest.mark.parametrize("layer", range(4))
def test_every_layer_is_in_seconds_on_a_logarithmic_scale(layer: int) -> None:
    x = cohort_chart(COMPARED, ["zone"], "T").to_dict()["layer"][layer]["encoding"]["x"]
    assert x["title"] == "Duration (seconds, log scale)"
    assert x["scale"]["type"] == "log"
