"""Each kind of finding is reported once where there is a reason for it, and nowhere else."""

from typing import Any

import pytest

from cce_etl.timestamps import parse_timestamp

FINDINGS = "SELECT finding, root_job_id, path, job_id, detail FROM marts.data_quality_findings ORDER BY ALL"
ROOT_START = parse_timestamp("2018-08-02 08:12:40.672772389 +0000 UTC")
EXAMPLE = {
    "InstallMaster": ("2018-08-02 03:52:34.615819618 +0000 UTC", "2018-08-02 04:05:29.196243031 +0000 UTC"),
    "CreatePSMCert": ("2018-08-02 03:52:33.859150791 +0000 UTC", "2018-08-02 03:52:34.615655429 +0000 UTC"),
}


def _example(node: Any) -> Any:
    steps = []
    for job_type, texts in EXAMPLE.items():
        created_at, updated_at = (parse_timestamp(text) for text in texts)
        clocks = {"created_at": created_at, "updated_at": updated_at}
        steps.append(node(job_type, job_type=job_type, cluster_id="other", **clocks))
    return node("root", *steps, job_type="CreateCluster", phase="Running", created_at=ROOT_START)


def test_the_documented_example_has_exact_durations(node: Any, build: Any) -> None:
    rows = build(_example(node)).rows("SELECT job_type, duration_seconds FROM marts.steps ORDER BY path")
    assert rows == [("InstallMaster", 774.580423413), ("CreatePSMCert", 0.756504638)]


def test_the_documented_example_contradicts_itself_five_times(node: Any, build: Any) -> None:
    rows = build(_example(node)).rows("SELECT finding, job_id FROM marts.data_quality_findings ORDER BY ALL")
    assert rows == [
        ("child_before_parent", "CreatePSMCert"),
        ("child_before_parent", "InstallMaster"),
        ("cluster_mismatch", "CreatePSMCert"),
        ("cluster_mismatch", "InstallMaster"),
        ("running_parent_of_finished_children", "root"),
    ]


def test_a_sound_tree_has_no_findings(node: Any, build: Any) -> None:
    tree = node("r", node("a", node("b")), node("c", start=None, end=None, phase="Initializing", cluster_id=""))
    assert build(tree).rows(FINDINGS) == []


def test_a_child_before_its_parent_is_a_finding(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", node("b", start=1.5), start=2)))
    expected = ("child_before_parent", "r", "0/0", "b", "0.5 seconds before its parent a")
    assert warehouse.rows(FINDINGS) == [expected]


@pytest.mark.parametrize("phase", ["Success", "Failed"])
def test_an_end_before_the_start_is_a_finding(node: Any, build: Any, phase: str) -> None:
    warehouse = build(node("r", node("a", start=10, end=8, phase=phase)))
    assert warehouse.rows(FINDINGS) == [("ended_before_started", "r", "0", "a", "-2.0 seconds")]


def test_a_root_can_end_before_it_started_too(node: Any, build: Any) -> None:
    warehouse = build(node("r", start=10, end=8))
    assert warehouse.rows(FINDINGS) == [("ended_before_started", "r", "", "r", "-2.0 seconds")]


def test_text_that_is_no_time_is_unparsable_in_any_phase(node: Any, build: Any) -> None:
    children = [
        node("a", start=None, created_text="yesterday"),
        node("b", end=None, updated_text="2018-13-40", phase="Initializing"),
    ]
    assert build(node("r", *children)).rows(FINDINGS) == [
        ("unparsable_timestamp", "r", "0", "a", "created_at: yesterday"),
        ("unparsable_timestamp", "r", "1", "b", "updated_at: 2018-13-40"),
    ]


@pytest.mark.parametrize("text", [None, "", "  ", "0001-01-01 00:00:00 +0000 UTC", "0001-01-01T00:00:00Z"])
def test_no_text_and_the_zero_time_are_missing(node: Any, build: Any, text: str | None) -> None:
    clocks = {"start": None, "end": None, "created_text": text, "updated_text": text}
    children = [node("a", **clocks), node("b", **clocks, phase="Initializing")]
    assert build(node("r", *children)).rows(FINDINGS) == [
        ("missing_timestamp", "r", "0", "a", "created_at"),
        ("missing_timestamp", "r", "0", "a", "updated_at"),
    ]


def test_unknown_and_missing_phases_are_findings(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", phase="Paused"), node("b", phase=None)))
    details = warehouse.rows("SELECT finding, path, detail FROM marts.data_quality_findings ORDER BY path")
    assert details == [("unknown_phase", "0", "Paused"), ("unknown_phase", "1", "")]


def test_every_place_of_a_repeated_id_is_a_finding(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a"), node("a")), node("t", node("a")), others={"z": (node("u", node("a")),)})
    assert warehouse.rows(FINDINGS) == [
        ("duplicate_job_id", "r", "0", "a", "3 jobs have this id"),
        ("duplicate_job_id", "r", "1", "a", "3 jobs have this id"),
        ("duplicate_job_id", "t", "0", "a", "3 jobs have this id"),
    ]


def test_a_root_asked_for_by_its_own_id_too_is_no_duplicate(node: Any, build: Any) -> None:
    assert build(node("r", node("x", node("y"))), node("x", node("y"))).rows(FINDINGS) == []


def test_another_cluster_than_the_parents_is_a_finding(node: Any, build: Any) -> None:
    children = [node("a", cluster_id="d"), node("b", cluster_id=""), node("e", cluster_id=None)]
    warehouse = build(node("r", *children), node("t", node("f"), cluster_id=None))
    assert warehouse.rows(FINDINGS) == [
        ("cluster_mismatch", "r", "0", "a", "d, its parent c"),
    ]


def test_a_running_parent_whose_children_all_finished_is_a_finding(node: Any, build: Any) -> None:
    done = node("a", node("b"), node("c", phase="Failed"), phase="Running")
    busy = node("d", node("e"), node("f", phase="Running"), phase="Running")
    warehouse = build(node("r", done, busy, phase="Running"))
    assert warehouse.rows(FINDINGS) == [
        ("running_parent_of_finished_children", "r", "0", "a", "all 2 direct sub-jobs finished")
    ]


def test_a_step_still_running_in_a_finished_root_is_a_finding(node: Any, build: Any) -> None:
    steps = (node("a", phase="Running"), node("b", phase="Initializing"))
    warehouse = build(node("r", *steps, phase="Failed"), node("t", node("c", phase="Running"), phase="Running"))
    assert warehouse.rows(FINDINGS) == [("running_in_finished_root", "r", "0", "a", "the root is Failed")]


def test_a_job_without_a_uid_is_a_finding(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("")))
    assert warehouse.rows(FINDINGS) == [("missing_uid", "r", "0", "r/0", "the id was made from its place")]


def test_a_relocated_step_is_compared_with_its_parent_in_the_other_tree(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("x", start=5)), node("x", node("y", start=4), start=5))
    expected = ("child_before_parent", "r", "0/0", "y", "1.0 seconds before its parent x")
    assert warehouse.rows(FINDINGS) == [expected]
