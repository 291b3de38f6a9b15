"""One job's tree, read in the order it ran."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pandas import DataFrame, concat, isna
from pandas.testing import assert_frame_equal

from cce_etl.analysis import Published, critical_path, critical_path_chart, open_published, waterfall, waterfall_chart
from cce_etl.analysis.charts import PHASE_COLOURS
from cce_etl.analysis.waterfalls import MAX_ROWS
from cce_etl.errors import CceEtlError
from cce_etl.transform.payload import MAX_LEVELS

Publish = Callable[[dict[str, Sequence[bytes]]], Path]
FIRST, SECOND, THIRD = (f"00000000-0000-11f1-8000-00000000000{number}" for number in (1, 2, 3))


@pytest.fixture(scope="module")
def odd(publish: Publish, bodies: list[bytes]) -> Path:
    """Return one published file of all that is odd: a step twice, a job twice, many levels, many siblings."""
    step = {"metadata": {"uid": "step"}, "spec": {"type": "T"}, "status": {"phase": "Success"}}
    roots = [{"metadata": {"uid": uid}, "spec": {"type": "T", "subJobs": [step]}} for uid in ("one", "two")]
    deep: dict[str, object] = {"metadata": {"uid": "leaf"}, "spec": {"type": "T"}, "status": {"phase": "Success"}}
    for level in range(MAX_LEVELS - 1):
        deep = deep | {"metadata": {"uid": f"level {level}"}, "spec": {"type": "T", "subJobs": [deep]}}
    steps = [{"metadata": {"uid": str(number)}, "spec": {"type": "T"}} for number in range(12)]
    wide = {"metadata": {"uid": "root"}, "spec": {"type": "T", "subJobs": steps}, "status": {"phase": "Success"}}
    return publish({"s": [*bodies, *(json.dumps(job).encode() for job in (*roots, deep, wide))], "t": bodies})


def column(tree: DataFrame, name: str) -> list[object]:
    return [None if isna(value) else value for value in tree[name]]


def test_children_follow_their_parent_in_order_of_start_and_those_not_started_come_last(published: Published) -> None:
    tree = waterfall(published, FIRST)
    assert column(tree, "path") == ["", "2", "2/1", "2/0", "0", "1"]
    assert column(tree, "depth") == [0, 1, 2, 2, 1, 1]
    assert column(tree, "job_type")[3:] == ["CreateServer", "InstallMaster", "CheckCluster"]


def test_offsets_and_durations_count_from_the_start_of_the_root(published: Published) -> None:
    tree = waterfall(published, FIRST)
    assert column(tree, "offset_seconds") == [0.0, 5.0, 5.0, 6.0, 10.0, None]
    assert column(tree, "duration_seconds") == [60.0, 4.5, 2.0, 3.0, 30.000000001, None]
    assert column(tree, "elapsed_seconds") == [None] * 6


def test_a_running_step_has_the_time_it_had_run_for_when_last_fetched(published: Published) -> None:
    tree = waterfall(published, THIRD)
    assert column(tree, "elapsed_seconds") == [120.0, 60.0]
    assert column(tree, "duration_seconds") == [None, None]
    assert column(tree, "phase") == ["Running", "Running"]


def test_an_id_never_seen_is_said_so(published: Published) -> None:
    with pytest.raises(CceEtlError, match="No job absent is in"):
        waterfall(published, "absent")


def test_the_id_of_a_step_leads_to_its_root(published: Published) -> None:
    assert column(waterfall(published, "a"), "job_id") == column(waterfall(published, FIRST), "job_id")
    with pytest.raises(CceEtlError, match="No job a of the source elsewhere is in"):
        waterfall(published, "a", source="elsewhere")


def test_a_step_of_two_jobs_does_not_choose_between_them(odd: Path) -> None:
    message = "step is a step of several jobs: ask for one of one, two"
    with open_published(odd) as published, pytest.raises(CceEtlError, match=message):
        waterfall(published, "step")


def test_a_job_in_two_sources_needs_one_named(odd: Path) -> None:
    with open_published(odd) as published:
        with pytest.raises(CceEtlError, match="several sources: name one of s, t"):
            waterfall(published, SECOND)
        tree = waterfall(published, SECOND, source="t")
    assert column(tree, "source") == ["t"] * 4
    assert column(tree, "job_id")[1:] == ["g", "f", "h"]


def test_a_tree_of_many_levels_keeps_parents_before_children(odd: Path) -> None:
    with open_published(odd) as published:
        tree = waterfall(published, f"level {MAX_LEVELS - 2}")
    assert column(tree, "depth") == list(range(MAX_LEVELS))


def test_the_tenth_sibling_comes_after_the_second(odd: Path) -> None:
    with open_published(odd) as published:
        assert column(waterfall(published, "root"), "path") == ["", *(str(number) for number in range(12))]


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
    assert notes == ["120.0 s, Failed", "50.0 s", "20.0 s, Failed", "Success, duration unknown"]
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
    assert subtitle.endswith(f"Shown: the longest {MAX_ROWS} of 86.")
    assert drawn[0]["name"] == "\u200bCreateCluster"
    shorts = [row["note"] for row in drawn if row["name"].endswith("Short")]
    assert shorts == [f"{seconds}.0 s" for seconds in range(80 - len(shorts), 80)]


def test_the_parts_of_a_path_sum_to_the_root(published: Published) -> None:
    tree = critical_path(published, FIRST)
    # Until 5 s nobody, then the servers until 9.5 s, InstallMaster from 10 s to 40 s, then nobody until 60 s.
    assert tree["job_type"].tolist() == [
        *("CreateCluster", "CreateServers", "CreateServer", "CreateServer", "InstallMaster", "CheckCluster")
    ]
    parts = [25.499999999, 0.5, 1.0, 3.0, 30.000000001, 0.0]
    assert tree["critical_self_seconds"].fillna(0.0).tolist() == pytest.approx(parts, abs=1e-9)
    assert tree["critical_self_seconds"].sum() == pytest.approx(60.0)
    assert tree["is_on_critical_path"].tolist() == [True, True, True, True, True, False]


def test_rows_and_columns_are_those_of_the_waterfall_and_three_more(published: Published) -> None:
    plain, tree = waterfall(published, FIRST), critical_path(published, FIRST)
    assert tree[list(plain.columns)].equals(plain)
    more = {"is_on_critical_path", "critical_self_seconds", "self_seconds"}
    assert set(tree.columns) - set(plain.columns) == more


def test_a_running_job_has_no_path(published: Published) -> None:
    tree = critical_path(published, THIRD)
    assert tree["is_on_critical_path"].tolist() == [False, False]
    assert tree["critical_self_seconds"].isna().all()


def test_a_job_that_is_not_there_is_an_error(published: Published) -> None:
    with pytest.raises(CceEtlError, match="No job nobody"):
        critical_path(published, "nobody")


def test_a_steps_id_leads_to_the_path_of_its_tree(published: Published) -> None:
    assert_frame_equal(critical_path(published, "a"), critical_path(published, FIRST))


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
    large = concat([tree, tree.iloc[[5] * MAX_ROWS]], ignore_index=True)
    chart = critical_path_chart(large, "T").to_dict()
    assert chart["title"]["subtitle"].endswith(f"Shown: 5 steps on it, of {MAX_ROWS + 6} in all.")
    assert [line["row"] for line in underlined(large)] == [0, 1, 2, 3, 4]
