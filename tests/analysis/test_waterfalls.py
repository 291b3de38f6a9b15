"""One job's tree, read in the order it ran."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pandas import DataFrame, isna

from cce_etl.analysis import Published, open_published, waterfall
from cce_etl.errors import CceEtlError

Publish = Callable[[dict[str, Sequence[bytes]]], Path]
FIRST, SECOND, THIRD = (f"00000000-0000-11f1-8000-00000000000{number}" for number in (1, 2, 3))


@pytest.fixture(scope="module")
def odd(publish: Publish, bodies: list[bytes]) -> Path:
    """Return one published file of all that is odd: a step twice, a job twice, many levels, many siblings."""
    step = {"metadata": {"uid": "step"}, "spec": {"type": "T"}, "status": {"phase": "Success"}}
    roots = [{"metadata": {"uid": uid}, "spec": {"type": "T", "subJobs": [step]}} for uid in ("one", "two")]
    deep: dict[str, object] = {"metadata": {"uid": "leaf"}, "spec": {"type": "T"}, "status": {"phase": "Success"}}
    for level in range(300):
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
        tree = waterfall(published, "level 299")
    assert column(tree, "depth") == list(range(301))


def test_the_tenth_sibling_comes_after_the_second(odd: Path) -> None:
    with open_published(odd) as published:
        assert column(waterfall(published, "root"), "path") == ["", *(str(number) for number in range(12))]
