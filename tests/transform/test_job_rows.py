"""Trees to rows: how many, whose children, in which order, with which ids and clocks."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.errors import PayloadError
from cce_etl.transform.job_rows import flatten
from cce_etl.transform.payload import MAX_NODES, Job, JobRow, Phase, decode_job

UIDS = st.none() | st.sampled_from(["a", "b", "fd474fab-9606-11e8-baa9-0255ac10215d"])
TIMES = st.none() | st.sampled_from(["2018-08-02 08:12:40 +0000 UTC", "0001-01-01 00:00:00 +0000 UTC", "soon", ""])


def job(uid: str | None = None, *sub_jobs: Job, **fields: Any) -> Job:
    usual: dict[str, Any] = dict.fromkeys(Job.__struct_fields__) | {"extend_param": {}, "extra": {}}
    return Job(**usual | {"uid": uid, "sub_jobs": list(sub_jobs)} | fields)


TREES = st.recursive(
    st.builds(job, UIDS, created_text=TIMES, updated_text=TIMES, completed_text=TIMES),
    lambda inner: st.builds(lambda uid, steps: job(uid, *steps), UIDS, st.lists(inner, max_size=4)),
    max_leaves=25,
)


def size(root: Job) -> int:
    return 1 + sum(size(step) for step in root.sub_jobs)


def shape(root: Job, path: str = "") -> dict[str, Job]:
    nodes = {path: root}
    for ordinal, step in enumerate(root.sub_jobs):
        nodes |= shape(step, f"{path}/{ordinal}" if path else str(ordinal))
    return nodes


def test_the_documented_steps_last_as_computed_by_hand() -> None:
    root, master, certificate = flatten(decode_job(EXAMPLE_BODY).job, EXAMPLE_JOB_ID)
    # 04:05:29.196243031 - 03:52:34.615819618 and 03:52:34.615655429 - 03:52:33.859150791
    assert (master.updated_at or 0) - (master.created_at or 0) == 774_580_423_413
    assert (certificate.updated_at or 0) - (certificate.created_at or 0) == 756_504_638
    assert (root.created_at, root.planned_at) == (1_533_197_560_672_772_389, None)
    assert master.planned_at == 1_533_181_739_807_940_300


def test_rows_come_depth_first_in_the_order_sent_with_paths_of_ordinals() -> None:
    rows = flatten(job("r", job("a", job("b"), job()), job("c")), "r")
    assert [(row.path, row.depth, row.ordinal, row.job_id, row.parent_job_id, row.is_leaf) for row in rows] == [
        ("", 0, 0, "r", None, False),
        ("0", 1, 0, "a", "r", False),
        ("0/0", 2, 0, "b", "a", True),
        ("0/1", 2, 1, "r/0/1", "a", True),
        ("1", 1, 1, "c", "r", True),
    ]


def test_the_root_bears_the_id_it_was_asked_for_by() -> None:
    (row,) = flatten(job(None), "asked")
    assert (row.job_id, row.root_job_id, row.parent_job_id, row.has_uid) == ("asked", "asked", None, False)


def test_a_step_without_uid_is_the_parent_of_its_steps_by_its_made_up_id() -> None:
    _, step, leaf = flatten(job("r", job(None, job(None))), "r")
    assert (step.job_id, leaf.parent_job_id, leaf.job_id) == ("r/0", "r/0", "r/0/0")
    assert (step.has_uid, leaf.has_uid) == (False, False)


def test_a_uid_that_appears_twice_gives_two_rows() -> None:
    rows = flatten(job("r", job("a"), job("a", job("r"))), "r")
    assert [(row.job_id, row.path) for row in rows] == [("r", ""), ("a", "0"), ("a", "1"), ("r", "1/0")]


def test_a_clock_that_cannot_be_read_is_kept_as_text() -> None:
    (row,) = flatten(job("r", created_text="soon", updated_text="0001-01-01 00:00:00 +0000 UTC"), "r")
    assert (row.created_at, row.created_text) == (None, "soon")
    assert (row.updated_at, row.updated_text) == (None, "0001-01-01 00:00:00 +0000 UTC")
    assert row.extra is None


def test_a_completion_time_has_no_column_for_its_text_so_an_odd_one_goes_to_the_extra() -> None:
    (row,) = flatten(job("r", completed_text="soon", extra={"status": {"message": "m"}, "x": 1}), "r")
    assert row.completed_at is None
    assert json.loads(row.extra or "") == {"status": {"message": "m", "completionTime": "soon"}, "x": 1}
    (row,) = flatten(job("r", completed_text="1970-01-01 00:00:01 +0000 UTC"), "r")
    assert (row.completed_at, row.extra) == (10**9, None)


def test_a_phase_is_kept_as_sent_beside_the_one_it_means() -> None:
    (row,) = flatten(job("r", phase="JobPhaseSuccess"), "r")
    assert (row.phase, row.canonical_phase) == ("JobPhaseSuccess", Phase.SUCCESS)
    (row,) = flatten(job("r", phase="Paused"), "r")
    assert (row.phase, row.canonical_phase) == ("Paused", None)


def test_texts_and_parameters_pass_unchanged() -> None:
    texts = {name: f"{name}-\u00e4" for name in ("job_type", "cluster_id", "resource_id", "resource_name", "reason")}
    (row,) = flatten(job("r", **texts, extend_param={"a.b": ""}), "r")
    assert {name: getattr(row, name) for name in texts} == texts
    assert row.extend_param == {"a.b": ""}


def test_a_thousand_levels_are_a_thousand_rows() -> None:
    root = job("leaf")
    for _ in range(999):
        root = job(None, root)
    rows = flatten(root, "r")
    assert (len(rows), rows[-1].depth, rows[-1].job_id) == (1_000, 999, "leaf")
    assert rows[-1].path == "/".join(["0"] * 999)


@settings(deadline=None)
@given(TREES)
def test_every_node_is_one_row_under_its_parent_one_level_up(root: Job) -> None:
    rows = flatten(root, "asked")
    nodes = shape(root)
    assert len(rows) == size(root)
    assert {row.path for row in rows} == set(nodes)
    by_path: dict[str, JobRow] = {}
    for row in rows:
        node = nodes[row.path]
        assert (row.is_leaf, row.has_uid) == (not node.sub_jobs, node.uid is not None)
        assert row.root_job_id == "asked"
        if row.path:
            parent = by_path[row.path.rpartition("/")[0]]  # parents come before their children
            assert (row.depth, row.parent_job_id) == (parent.depth + 1, parent.job_id)
            assert row.ordinal == int(row.path.rpartition("/")[2])
            assert row.job_id == (node.uid or f"asked/{row.path}")
        by_path[row.path] = row
    assert flatten(root, "asked") == rows


@settings(deadline=None)
@given(TREES, st.randoms(use_true_random=False))
def test_any_order_of_sub_jobs_gives_the_same_durations_by_job_id(root: Job, random: Any) -> None:
    counter = iter(range(1_000))

    def with_own_uids(node: Job) -> Job:
        steps = [with_own_uids(step) for step in node.sub_jobs]
        return msgspec.structs.replace(node, uid=f"job-{next(counter)}", sub_jobs=steps)

    def shuffled(node: Job) -> Job:
        steps = [shuffled(step) for step in node.sub_jobs]
        random.shuffle(steps)
        return msgspec.structs.replace(node, sub_jobs=steps)

    def clocks(tree: Job) -> dict[str, tuple[Any, ...]]:
        return {
            row.job_id: (row.parent_job_id, row.depth, row.created_at, row.updated_at, row.completed_at)
            for row in flatten(tree, "r")
        }

    tree = with_own_uids(root)
    assert len(clocks(tree)) == size(root)
    assert clocks(shuffled(tree)) == clocks(tree)


def test_a_tree_of_more_nodes_than_anybody_has_seen_is_refused_before_it_becomes_rows() -> None:
    body = b'{"spec":{"subJobs":[' + b",".join([b"{}"] * MAX_NODES) + b"]}}"
    with pytest.raises(PayloadError) as caught:
        decode_job(body)
    assert caught.value.kind == "too_many_nodes"
