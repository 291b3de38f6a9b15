"""Which of the versions of a body makes the tree: the latest that can be read, v2 only where v3 is silent."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.transform.flatten import ParsedPayload
from cce_etl.transform.payload import Dialect
from cce_etl.transform.versions import (
    Payload,
    PayloadCompressor,
    PayloadKey,
    PayloadVersions,
    tree_of,
)

COMPLETED = "1970-01-01 00:00:09 +0000 UTC"


def payload(body: bytes | dict[str, Any], fetched_at: int | None, dialect: Dialect = Dialect.V3) -> Payload:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return PayloadCompressor().payload("r", dialect, fetched_at, content)


def v3(phase: str, *steps: str) -> dict[str, Any]:
    return {
        "metadata": {"uid": "r"},
        "spec": {"subJobs": [{"metadata": {"uid": step}} for step in steps]},
        "status": {"phase": phase},
    }


def v2(status: str, **completions: str) -> dict[str, Any]:
    """Make a v2 body; `completions` are by uid, the root's is `r`."""
    steps = [
        {"metadata": {"uid": uid}, "status": {"completionTime": at}} for uid, at in completions.items() if uid != "r"
    ]
    return {
        "metadata": {"uid": "r"},
        "spec": {"subjobs": steps},
        "status": {"status": status, "completionTime": completions.get("r")},
    }


def land(payloads: list[Payload]) -> list[Payload]:
    """Keep what a versions calls new, in the order in which the warehouse gives it back: latest first."""
    versions = PayloadVersions([])
    kept = [one for one in payloads if versions.add([one])]
    return sorted(
        kept, key=lambda one: (one.fetched_at is not None, one.fetched_at or 0, one.body_sha256), reverse=True
    )


def tree(*payloads: Payload) -> ParsedPayload:
    seen = tree_of("r", land(list(payloads)))
    assert seen is not None
    return seen


def test_content_seen_again_is_nothing_new_and_content_that_changed_is() -> None:
    running, done = v3("Running"), v3("Success")
    seen = [payload(*one) for one in ((running, 1), (running, 2), (done, 3), (done, 3), (running, 4))]
    assert PayloadVersions([]).add(seen) == [0, 2, 4]
    one_by_one = PayloadVersions([])
    assert [one_by_one.add([one]) for one in seen] == [[0], [], [0], [], [0]]


def test_payloads_are_added_in_the_order_of_time() -> None:
    running, done = v3("Running"), v3("Success")
    seen = [payload(*one) for one in ((done, 4), (running, 3), (done, 1), (running, 2))]
    assert PayloadVersions([]).add(seen) == [2, 3, 0]


def test_each_dialect_has_versions_of_its_own() -> None:
    versions = PayloadVersions([])
    body = {"metadata": {"uid": "r"}, "spec": {}}
    assert versions.add([payload(body, 1, Dialect.V3)]) == [0]
    assert (versions.job_ids(Dialect.V3), versions.job_ids(Dialect.V2)) == ({"r"}, set())
    assert versions.add([payload(body, 1, Dialect.V2)]) == [0]
    assert versions.job_ids() == versions.job_ids(Dialect.V2) == {"r"}


def test_versions_go_on_from_what_is_stored() -> None:
    stored = payload(v3("Running"), 5)
    versions = PayloadVersions([PayloadKey("r", stored.dialect, stored.fetched_at, stored.body_sha256)])
    assert versions.add([payload(v3("Running"), 7)]) == []
    assert versions.makes_tree_alone(stored)
    late = payload(v3("Initializing"), 3)
    assert versions.add([late]) == [0]
    assert not versions.makes_tree_alone(late)


def test_a_payload_beside_one_of_v2_does_not_make_the_tree_alone() -> None:
    versions = PayloadVersions([])
    seen = payload(v3("Running"), 5)
    versions.add([seen])
    assert versions.makes_tree_alone(seen)
    versions.add([payload(v2("Running"), 4, Dialect.V2)])
    assert not versions.makes_tree_alone(seen)


def test_an_observation_without_a_time_comes_before_all_others() -> None:
    undated, dated = payload(v3("Success"), None), payload(v3("Running"), -(10**18))
    assert not tree(undated, dated).is_terminal
    assert not tree(dated, undated).is_terminal
    assert tree(undated).is_terminal


def test_the_latest_that_can_be_read_makes_the_tree() -> None:
    seen = tree(payload(v3("Running", "a"), 1), payload(v3("Running", "a", "b"), 2), payload(b"<html>", 3))
    assert [row.job_id for row in seen.nodes] == ["r", "a", "b"]
    assert (seen.dialect, seen.is_terminal) == (Dialect.V3, False)


def test_what_cannot_be_read_makes_no_tree() -> None:
    assert tree_of("r", []) is None
    assert tree_of("r", [payload(b"{", 1), payload({"metadata": {"uid": "other"}}, 2)]) is None


def test_v2_fills_the_completion_and_nothing_else() -> None:
    for order in (1, -1):
        payloads = [payload(v3("Running", "a"), 1), payload(v2("Success", r=COMPLETED, a=COMPLETED), 2, Dialect.V2)]
        seen = tree(*payloads[::order])
        assert [(row.job_id, row.phase, row.completed_at) for row in seen.nodes] == [
            ("r", "Running", 9 * 10**9),
            ("a", None, 9 * 10**9),
        ]
        assert (seen.dialect, seen.is_terminal) == (Dialect.V3, False)


def test_v2_does_not_overrule_a_completion_that_v3_knows() -> None:
    body = v3("Success") | {"status": {"phase": "Success", "completionTime": "1970-01-01 00:00:01 +0000 UTC"}}
    seen = tree(payload(body, 1), payload(v2("Success", r=COMPLETED), 2, Dialect.V2))
    assert seen.nodes[0].completed_at == 10**9


def test_v2_alone_makes_a_tree_that_says_so() -> None:
    seen = tree(payload(v2("Success", r=COMPLETED), 1, Dialect.V2))
    assert (seen.dialect, seen.nodes[0].completed_at) == (Dialect.V2, 9 * 10**9)


PHASES = st.sampled_from(["Initializing", "Running", "Success", "Failed"])
# Each content is observed over one stretch of time, as the API's own updates make it.
STRETCHES = st.lists(st.tuples(PHASES, st.integers(1, 3)), min_size=1, max_size=4)


@settings(deadline=None)
@given(STRETCHES, st.booleans(), st.randoms(use_true_random=False))
def test_any_order_of_observations_makes_the_same_tree(
    stretches: list[tuple[str, int]], has_v2: bool, random: Any
) -> None:
    payloads = [
        payload(v3(phase, f"step-{number}"), 10 * number + moment)
        for number, (phase, length) in enumerate(stretches)
        for moment in range(length)
    ]
    if has_v2:
        payloads += [payload(v2("Running"), 3, Dialect.V2), payload(v2("Success", r=COMPLETED), 4, Dialect.V2)]
    in_time = tree(*payloads)
    random.shuffle(payloads)
    assert tree(*payloads) == in_time
    assert in_time.nodes[-1].job_id == f"step-{len(stretches) - 1}"
    assert in_time.nodes[0].phase == stretches[-1][0]
    assert in_time.nodes[0].completed_at == (9 * 10**9 if has_v2 else None)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1))
def test_what_is_new_in_order_of_time_is_what_differs_from_the_one_before(seen: list[tuple[str, int]]) -> None:
    by_time = dict(sorted((moment, text) for text, moment in seen))
    texts = list(by_time.values())
    versions = PayloadVersions([])
    new = [bool(versions.add([payload(text.encode(), moment)])) for moment, text in by_time.items()]
    assert new == [place == 0 or texts[place - 1] != text for place, text in enumerate(texts)]
