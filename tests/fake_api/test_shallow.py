"""Trees cut off at a level, and sub-jobs found by their own uid."""

import json
from typing import Any

import pytest

from cce_etl.demo.trees import Trees, cut


def job(uid: str, *sub_jobs: dict[str, Any]) -> dict[str, Any]:
    spec = {"type": "T", "subJobs": list(sub_jobs)} if sub_jobs else {"type": "T"}
    return {"metadata": {"uid": uid}, "spec": spec, "status": {"phase": "Success"}}


TREE = job("root", job("a", job("a1", job("a11"))), job("b"))
# Pretty-printed, as the documented example is.
BODY = json.dumps(TREE, indent=2).encode()


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (0, job("root")),
        (1, job("root", job("a"), job("b"))),
        (2, job("root", job("a", job("a1")), job("b"))),
        (3, TREE),
        (9, TREE),
    ],
)
def test_a_tree_is_cut_below_its_level(levels: int, expected: dict[str, Any]) -> None:
    assert cut(TREE, levels) == expected


def test_cutting_leaves_the_original_whole() -> None:
    cut(TREE, 0)
    assert json.dumps(TREE, indent=2).encode() == BODY


def test_a_root_goes_out_byte_for_byte_unless_cut() -> None:
    assert Trees({"root": BODY}, None).body("root") == BODY


def test_a_sub_job_is_found_at_any_depth_with_what_is_below_it() -> None:
    trees = Trees({"other": json.dumps(job("other")).encode(), "root": BODY}, None)
    found = {uid: json.loads(trees.body(uid) or b"null") for uid in ("a", "a1", "a11", "b", "unknown")}
    assert found == {
        "a": job("a", job("a1", job("a11"))),
        "a1": job("a1", job("a11")),
        "a11": job("a11"),
        "b": job("b"),
        "unknown": None,
    }
    assert [uid in trees for uid in ("root", "other", "a")] == [True, True, False]


def test_a_sub_job_asked_for_is_cut_as_deep_below_itself_as_a_root() -> None:
    trees = Trees({"root": BODY}, 1)
    assert json.loads(trees.body("root") or b"") == job("root", job("a"), job("b"))
    assert json.loads(trees.body("a") or b"") == job("a", job("a1"))
    assert json.loads(trees.body("a1") or b"") == job("a1", job("a11"))
