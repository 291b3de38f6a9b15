"""The waterfall with the critical path underlined."""

from typing import Any

import pytest
from pandas import DataFrame, concat

from cce_etl.analysis import Published, critical_path, critical_path_chart, waterfall_chart
from cce_etl.analysis.waterfall_chart import MOST_ROWS

FIRST, THIRD = (f"00000000-0000-11f1-8000-00000000000{number}" for number in (1, 3))


def underlined(tree: DataFrame) -> list[dict[str, Any]]:
    chart = critical_path_chart(tree, "T").to_dict()
    rows: list[dict[str, Any]] = chart["datasets"][chart["layer"][-1]["data"]["name"]]
    return rows


def test_bars_on_the_path_are_underlined_from_start_to_end(published: Published) -> None:
    lines = [(line["row"], line["offset_seconds"], line["end"]) for line in underlined(critical_path(published, FIRST))]
    assert lines == [(0, 0, 60), (1, 5, 9.5), (2, 5, 7), (3, 6, 9), (4, 10, pytest.approx(40.000000001))]


def test_the_bars_are_those_of_the_waterfall(published: Published) -> None:
    tree = critical_path(published, FIRST)
    chart, plain = critical_path_chart(tree, "T").to_dict(), waterfall_chart(tree, "T").to_dict()
    assert len(chart["layer"]) == len(plain["layer"]) + 1
    assert next(iter(plain["datasets"].values())) in chart["datasets"].values()


def test_the_title_says_what_a_line_means(published: Published) -> None:
    chart = critical_path_chart(critical_path(published, FIRST), "T").to_dict()
    assert chart["title"]["text"] == "T"
    assert chart["title"]["subtitle"].endswith("10:00:00 UTC. Underlined: on the critical path.")
    assert chart["description"].startswith(f"T. Job {FIRST}")


def test_a_running_job_has_no_line(published: Published) -> None:
    assert underlined(critical_path(published, THIRD)) == []


def test_of_a_large_tree_the_path_is_drawn(published: Published) -> None:
    tree = critical_path(published, FIRST)
    large = concat([tree, tree.iloc[[5] * MOST_ROWS]], ignore_index=True)
    chart = critical_path_chart(large, "T").to_dict()
    assert chart["title"]["subtitle"].endswith(f"Shown: 5 on it, of {MOST_ROWS + 6}.")
    assert [line["row"] for line in underlined(large)] == [0, 1, 2, 3, 4]
