"""What charts share: colours of phases, and pictures that can be drawn without a network."""

from collections.abc import Callable
from inspect import signature

import pytest

from cce_etl import analysis
from cce_etl.analysis import (
    Published,
    cohort_chart,
    compare_cohorts,
    duration_chart,
    durations,
    failure_chart,
    failure_rates,
    waterfall,
    waterfall_chart,
)
from cce_etl.analysis.charts import OTHER_PHASE_COLOUR, PHASE_COLOURS, phase_scale


def test_unknown_phases_come_after_the_four_known_ones_in_a_colour_of_their_own() -> None:
    scale = phase_scale(["Upgrading", "Initializing", "Success", "Aborted", "Success"]).to_dict()
    assert scale["domain"] == ["Success", "Initializing", "Aborted", "Upgrading"]
    assert scale["range"] == [
        PHASE_COLOURS["Success"],
        PHASE_COLOURS["Initializing"],
        OTHER_PHASE_COLOUR,
        OTHER_PHASE_COLOUR,
    ]


@pytest.mark.parametrize("kind", ["durations", "cohorts", "failures", "waterfall"])
def test_every_chart_becomes_a_picture_that_holds_its_words(published: Published, kind: str) -> None:
    import vl_convert

    steps = durations(published, "InstallMaster")
    if kind == "durations":
        chart = duration_chart(steps, "A title")
    elif kind == "cohorts":
        chart = cohort_chart(compare_cohorts(steps, ["zone"]), ["zone"], "A title")
    elif kind == "failures":
        chart = failure_chart(failure_rates(published), "A title")
    else:
        chart = waterfall_chart(waterfall(published, "00000000-0000-11f1-8000-000000000001"), "A title")
    picture = vl_convert.vegalite_to_svg(chart.to_json())
    words = {
        "durations": "Started (UTC)",
        "cohorts": "1 steps",
        "failures": "1 of 4",
        "waterfall": "\u2003CheckCluster",
    }
    assert "A title" in picture
    assert words[kind] in picture


@pytest.mark.parametrize(
    "chart",
    [
        *(analysis.blame_chart, analysis.cohort_chart, analysis.critical_path_chart, analysis.duration_chart),
        *(analysis.failure_chart, analysis.running_chart, analysis.survival_chart, analysis.waterfall_chart),
    ],
)
def test_every_chart_has_a_title_where_none_is_given(chart: Callable[..., object]) -> None:
    assert isinstance(signature(chart).parameters["title"].default, str)
