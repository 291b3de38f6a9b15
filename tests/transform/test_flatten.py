"""Trees to rows: how many, whose children, in which order, with which ids and clocks; many trees in one table."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.transform.flatten import (
    SCHEMA,
    JobRow,
    ParsedPayload,
    flatten,
    job_rows,
    latest_times,
    parse_payload,
)
from cce_etl.transform.payload import Phase

UIDS = st.none() | st.sampled_from(["a", "b", "fd474fab-9606-11e8-baa9-0255ac10215d"])
TIMES = st.none() | st.sampled_from(["2018-08-02 08:12:40 +0000 UTC", "0001-01-01 00:00:00 +0000 UTC", "soon", ""])
Document = dict[str, Any]


def job(uid: str | None = None, *sub_jobs: Document, **sections: Document) -> Document:
    """Make a document; `metadata` and `spec` are added to what id and sub-jobs make."""
    metadata = {"uid": uid} | sections.pop("metadata", {})
    spec = {"subJobs": list(sub_jobs)} | sections.pop("spec", {})
    return {"metadata": metadata, "spec": spec} | sections


def parse(root: Document, job_id: str | None = None) -> ParsedPayload:
    return parse_payload(json.dumps(root).encode(), job_id)


def rows_of(root: Document, job_id: str | None = None) -> list[JobRow]:
    return job_rows(parse(root, job_id))


TREES = st.recursive(
    st.builds(
        lambda uid, created, updated, completed: job(
            uid,
            metadata={"creationTimestamp": created, "updateTimestamp": updated},
            status={"completionTime": completed},
        ),
        *(UIDS, TIMES, TIMES, TIMES),
    ),
    lambda inner: st.builds(lambda uid, steps: job(uid, *steps), UIDS, st.lists(inner, max_size=4)),
    max_leaves=25,
)


def uid_of(root: Document) -> str | None:
    uid: str | None = root["metadata"]["uid"]
    return uid


def size(root: Document) -> int:
    return 1 + sum(size(step) for step in root["spec"]["subJobs"])


def shape(root: Document, path: str = "") -> dict[str, Document]:
    nodes = {path: root}
    for ordinal, step in enumerate(root["spec"]["subJobs"]):
        nodes |= shape(step, f"{path}/{ordinal}" if path else str(ordinal))
    return nodes


def test_the_documented_steps_last_as_computed_by_hand() -> None:
    root, master, certificate = job_rows(parse_payload(EXAMPLE_BODY, EXAMPLE_JOB_ID))
    # 04:05:29.196243031 - 03:52:34.615819618 and 03:52:34.615655429 - 03:52:33.859150791
    assert (master.updated_at or 0) - (master.created_at or 0) == 774_580_423_413
    assert (certificate.updated_at or 0) - (certificate.created_at or 0) == 756_504_638
    assert (root.created_at, root.planned_at) == (1_533_197_560_672_772_389, None)
    assert master.planned_at == 1_533_181_739_807_940_300


def test_rows_come_depth_first_in_the_order_sent_with_paths_of_ordinals() -> None:
    rows = rows_of(job("r", job("a", job("b"), job()), job("c")))
    assert [(row.path, row.depth, row.ordinal, row.job_id, row.parent_job_id, row.is_leaf) for row in rows] == [
        ("", 0, 0, "r", None, False),
        ("0", 1, 0, "a", "r", False),
        ("0/0", 2, 0, "b", "a", True),
        ("0/1", 2, 1, "r/0/1", "a", True),
        ("1", 1, 1, "c", "r", True),
    ]


def test_the_root_bears_the_id_it_was_asked_for_by() -> None:
    (row,) = rows_of(job(None), "asked")
    assert (row.job_id, row.root_job_id, row.parent_job_id, row.has_uid) == ("asked", "asked", None, False)


def test_an_id_that_was_asked_for_is_no_time_of_planning() -> None:
    uid = "fd474fab-9606-11e8-baa9-0255ac10215d"
    assert [row.planned_at for row in rows_of(job(None), uid)] == [None]
    assert [row.planned_at for row in rows_of(job(uid), uid)] == [1_533_181_739_807_940_300]


def test_a_step_without_uid_is_the_parent_of_its_steps_by_its_made_up_id() -> None:
    _, step, leaf = rows_of(job("r", job(None, job(""))))
    assert (step.job_id, leaf.parent_job_id, leaf.job_id) == ("r/0", "r/0", "r/0/0")
    assert (step.has_uid, leaf.has_uid) == (False, False)


def test_a_uid_that_appears_twice_gives_two_rows() -> None:
    rows = rows_of(job("r", job("a"), job("a", job("r"))))
    assert [(row.job_id, row.path) for row in rows] == [("r", ""), ("a", "0"), ("a", "1"), ("r", "1/0")]


def test_a_clock_that_cannot_be_read_is_kept_as_text() -> None:
    clocks = {"creationTimestamp": "soon", "updateTimestamp": "0001-01-01 00:00:00 +0000 UTC"}
    (row,) = rows_of(job("r", metadata=clocks))
    assert (row.created_at, row.created_text) == (None, "soon")
    assert (row.updated_at, row.updated_text) == (None, "0001-01-01 00:00:00 +0000 UTC")
    assert row.extra is None


def test_a_completion_time_has_no_column_for_its_text_so_an_odd_one_goes_to_the_extra() -> None:
    (row,) = rows_of(job("r", status={"completionTime": "soon", "message": "m"}) | {"x": 1})
    assert row.completed_at is None
    assert json.loads(row.extra or "") == {"status": {"message": "m", "completionTime": "soon"}, "x": 1}
    (row,) = rows_of(job("r", status={"completionTime": "1970-01-01 00:00:01 +0000 UTC"}))
    assert (row.completed_at, row.extra) == (10**9, None)


def test_a_phase_is_kept_as_sent_beside_the_one_it_means() -> None:
    (row,) = rows_of(job("r", status={"phase": "JobPhaseSuccess"}))
    assert (row.phase, row.canonical_phase) == ("JobPhaseSuccess", Phase.SUCCESS)
    (row,) = rows_of(job("r", status={"phase": "Paused"}))
    assert (row.phase, row.canonical_phase) == ("Paused", None)


def test_texts_and_parameters_pass_unchanged() -> None:
    texts = {key: f"{key}-\u00e4" for key in ("type", "clusterUID", "resourceID", "resourceName")}
    (row,) = rows_of(job("r", spec=texts | {"extendParam": {"a.b": ""}}, status={"reason": "\u00e4"}))
    assert [row.job_type, row.cluster_id, row.resource_id, row.resource_name] == list(texts.values())
    assert (row.reason, row.extend_param) == ("\u00e4", {"a.b": ""})


@settings(deadline=None)
@given(TREES)
def test_every_node_is_one_row_under_its_parent_one_level_up(root: Document) -> None:
    asked = uid_of(root) or "asked"
    rows, nodes = rows_of(root, asked), shape(root)
    assert len(rows) == size(root)
    assert {row.path for row in rows} == set(nodes)
    by_path: dict[str, JobRow] = {}
    for row in rows:
        node = nodes[row.path]
        assert (row.is_leaf, row.has_uid) == (not node["spec"]["subJobs"], uid_of(node) is not None)
        assert row.root_job_id == asked
        if row.path:
            parent = by_path[row.path.rpartition("/")[0]]  # parents come before their children
            assert (row.depth, row.parent_job_id) == (parent.depth + 1, parent.job_id)
            assert row.ordinal == int(row.path.rpartition("/")[2])
            assert row.job_id == (uid_of(node) or f"{asked}/{row.path}")
        by_path[row.path] = row
    assert rows_of(root, asked) == rows


@settings(deadline=None)
@given(TREES, st.randoms(use_true_random=False))
def test_any_order_of_sub_jobs_gives_the_same_durations_by_job_id(root: Document, random: Any) -> None:
    counter = iter(range(1_000))

    def with_own_uids(node: Document) -> Document:
        steps = [with_own_uids(step) for step in node["spec"]["subJobs"]]
        return node | {"metadata": node["metadata"] | {"uid": f"job-{next(counter)}"}, "spec": {"subJobs": steps}}

    def shuffled(node: Document) -> Document:
        steps = [shuffled(step) for step in node["spec"]["subJobs"]]
        random.shuffle(steps)
        return node | {"spec": {"subJobs": steps}}

    def clocks(tree: Document) -> dict[str, tuple[Any, ...]]:
        return {
            row.job_id: (row.parent_job_id, row.depth, row.created_at, row.updated_at, row.completed_at)
            for row in rows_of(tree)
        }

    tree = with_own_uids(root)
    assert len(clocks(tree)) == size(root)
    assert clocks(shuffled(tree)) == clocks(tree)


@settings(deadline=None, max_examples=30)
@given(st.lists(TREES, min_size=1, max_size=4))
def test_many_trees_are_one_table_of_their_rows(roots: list[Document]) -> None:
    trees = [parse(root, uid_of(root) or f"root-{number}") for number, root in enumerate(roots)]
    table = flatten(trees)
    assert table["job_id"].to_pylist() == [row.job_id for tree in trees for row in job_rows(tree)]
    assert table["root_job_id"].to_pylist() == [tree.job_id for tree in trees for _ in tree.nodes]
    instants = [
        [time for row in job_rows(tree) for time in (row.created_at, row.updated_at, row.completed_at) if time]
        for tree in trees
    ]
    assert latest_times(trees, table) == [max(times, default=None) for times in instants]


def test_equal_parameters_stand_in_the_dictionary_once() -> None:
    parameters = [{"n": "x"}, {}, {"n": "y", "m": "x"}, {"n": "x"}]
    table = flatten([parse(job(str(number), spec={"extendParam": one})) for number, one in enumerate(parameters)])
    (chunk,) = table["extend_param"].chunks
    assert len(chunk.dictionary) == 3
    assert [dict(one) for one in table["extend_param"].to_pylist()] == parameters


def test_no_trees_are_no_rows_in_the_same_columns() -> None:
    assert (flatten([]).num_rows, flatten([]).schema) == (0, SCHEMA)
    assert latest_times([], flatten([])) == []
    assert SCHEMA.names == list(JobRow.__struct_fields__)


@pytest.mark.parametrize("name", ["created_at", "updated_at", "completed_at"])
def test_the_latest_time_of_a_tree_is_that_of_any_node_and_clock(name: str) -> None:
    keys = {"created_at": "creationTimestamp", "updated_at": "updateTimestamp"}
    clock = "1970-01-01 00:00:09 +0000 UTC"
    sections = {"metadata": {keys[name]: clock}} if name in keys else {"status": {"completionTime": clock}}
    trees = [parse(job("r", job("a", **sections))), parse(job("none")), parse(job("r", **sections))]
    assert latest_times(trees, flatten(trees)) == [9 * 10**9, None, 9 * 10**9]


def test_rows_are_values_that_can_be_written_as_json() -> None:
    for row in job_rows(parse_payload(EXAMPLE_BODY)):
        assert msgspec.json.decode(msgspec.json.encode(row), type=JobRow) == row
