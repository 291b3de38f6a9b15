"""The chart of one job: bars, names, notes, and what is left out of a large tree."""

from typing import Any

import pytest
from pandas import DataFrame, concat

from cce_etl.analysis import Published, waterfall, waterfall_chart
from cce_etl.analysis.charts import PHASE_COLOURS
from cce_etl.analysis.waterfall_chart import MOST_ROWS

FIRST, SECOND, THIRD = (f"00000000-0000-11f1-8000-00000000000{number}" for number in (1, 2, 3))


def rows(tree: DataFrame) -> list[dict[str, Any]]:
    (found,) = waterfall_chart(tree, "T").to_dict()["datasets"].values()
    return list(found)


def test_bars_run_from_start_to_end_in_seconds(published: Published) -> None:
    bars = [(row["start"], row["end"]) for row in rows(waterfall(published, FIRST))]
    assert bars == [(0.0, 60.0), (5.0, 9.5), (5.0, 7.0), (6.0, 9.0), (10.0, pytest.approx(40.000000001)), (None, None)]


def test_names_are_indented_by_depth(published: Published) -> None:
    names = [row["name"].removeprefix("\u200b") for row in rows(waterfall(published, FIRST))]
    assert names[:3] == ["CreateCluster", "\u2003CreateServers", "\u2003\u2003CreateServer"]


def test_notes_say_how_long_and_the_phase_where_it_is_not_success(published: Published) -> None:
    assert rows(waterfall(published, FIRST))[-1]["note"] == "not started"
    notes = [row["note"] for row in rows(waterfall(published, SECOND))]
    assert notes == ["120.0 s, Failed", "50.0 s", "20.0 s, Failed", "Success, without a clock"]
    assert rows(waterfall(published, THIRD))[1]["note"] == "60.0 s, Running"


def test_the_phases_that_occur_have_their_colours_in_the_order_of_a_jobs_life(published: Published) -> None:
    chart = waterfall_chart(waterfall(published, SECOND), "T").to_dict()
    scale = chart["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == ["Success", "Failed"]
    assert scale["range"] == [PHASE_COLOURS["Success"], PHASE_COLOURS["Failed"]]


def test_the_subtitle_names_the_job_and_its_start_in_utc(published: Published) -> None:
    subtitle = waterfall_chart(waterfall(published, FIRST), "T").to_dict()["title"]["subtitle"]
    assert subtitle == f"Job {FIRST}, started 2026-06-01 10:00:00 UTC."


def test_a_root_without_a_start_type_or_phase_is_drawn_all_the_same(published: Published) -> None:
    tree = waterfall(published, FIRST).assign(created_at=None, job_type=None, phase=None, offset_seconds=float("nan"))
    chart = waterfall_chart(tree, "T").to_dict()
    assert chart["title"]["subtitle"] == f"Job {FIRST}, started at an unknown time."
    assert rows(tree)[0]["name"] == "\u200bno type sent"
    assert rows(tree)[0]["phase"] == "no phase sent"


def test_of_a_large_tree_the_longest_steps_are_drawn_in_their_order(published: Published) -> None:
    tree = waterfall(published, FIRST)
    short = tree.iloc[[2] * 80].assign(duration_seconds=range(80), job_type="Short")
    large = concat([tree, short], ignore_index=True)
    subtitle = waterfall_chart(large, "T").to_dict()["title"]["subtitle"]
    drawn = rows(large)
    assert subtitle.endswith(f"Shown: the longest {MOST_ROWS} of 86.")
    assert drawn[0]["name"] == "\u200bCreateCluster"
    shorts = [row["note"] for row in drawn if row["name"].endswith("Short")]
    assert shorts == [f"{seconds}.0 s" for seconds in range(80 - len(shorts), 80)]
