"""Bodies to jobs: both dialects, every absence, every wrong type by its path, and trees as deep as promised."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.errors import PayloadError
from cce_etl.transform.flatten import JobNode, ParsedPayload, parse_payload
from cce_etl.transform.payload import MAX_LEVELS, MAX_NODES, Dialect, Phase, canonical_phase

V3: dict[str, Any] = {
    "kind": "Job",
    "apiVersion": "v3",
    "metadata": {"uid": "u", "creationTimestamp": "c", "updateTimestamp": "p"},
    "spec": {
        "type": "CreateNode",
        "clusterUID": "cl",
        "resourceID": "ri",
        "resourceName": "rn",
        "extendParam": {"a.b-c": "1"},
        "subJobs": [{"metadata": {"uid": "s"}}],
    },
    "status": {"phase": "Failed", "reason": "why", "completionTime": "2026-02-01T00:00:00Z"},
}
V2_KEYS = {
    "clusterUID": "clusteruid",
    "resourceID": "resourceid",
    "resourceName": "resourcename",
    "extendParam": "extendparam",
    "subJobs": "subjobs",
}
SECTIONS = ("metadata", "spec", "status")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KNOWN_KEYS = st.sampled_from([*SECTIONS, "kind", "apiVersion", *V3["metadata"], *V3["spec"], *V3["status"], "subjobs"])
JOB_LIKE = st.recursive(
    JSON_VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN_KEYS, inner, max_size=5),
    max_leaves=20,
)


def v2_of(document: dict[str, Any]) -> dict[str, Any]:
    spec = {V2_KEYS.get(key, key): value for key, value in document["spec"].items()}
    status = {"status" if key == "phase" else key: value for key, value in document["status"].items()}
    return document | {"apiVersion": "v2", "spec": spec, "status": status}


def parse(document: Any) -> ParsedPayload:
    """Parse a document, asked for by its own id or, without one, by `r`."""
    uid = (document.get("metadata") or {}).get("uid") if isinstance(document, dict) else None
    return parse_payload(json.dumps(document).encode(), uid or "r")


def root(document: Any) -> JobNode:
    return parse(document).nodes[0]


def extra(document: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(root(document).extra or "{}")
    return found


def refused(body: bytes | dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(PayloadError) as caught:
        parse_payload(body if isinstance(body, bytes) else json.dumps(body).encode(), "u")
    return caught.value.kind, caught.value.path


def deep(levels: int) -> bytes:
    return b'{"spec":{"subJobs":[' * (levels - 1) + b'{"spec":{"type":"Leaf"}}' + b"]}}" * (levels - 1)


def test_the_documented_example_is_read_whole() -> None:
    tree = parse_payload(EXAMPLE_BODY)
    job, *steps = tree.nodes
    assert (tree.dialect, tree.job_id, job.uid) == (Dialect.V3, EXAMPLE_JOB_ID, EXAMPLE_JOB_ID)
    assert (job.job_type, job.phase, job.reason, job.extra) == ("CreateCluster", "Running", "", None)
    assert job.created_text == "2018-08-02 08:12:40.672772389 +0000 UTC"
    assert job.extend_param == {"serverID": "bc467e3a-2338-11e8-825b-0255ac100c13"}
    assert [step.job_type for step in steps] == ["InstallMaster", "CreatePSMCert"]
    assert not tree.is_terminal


def test_both_dialects_say_the_same() -> None:
    v3, v2 = parse(V3), parse(v2_of(V3))
    assert (v3.dialect, v2.dialect) == (Dialect.V3, Dialect.V2)
    assert v3.nodes == v2.nodes
    job, step = v2.nodes
    assert job == JobNode(
        uid="u",
        job_type="CreateNode",
        cluster_id="cl",
        resource_id="ri",
        resource_name="rn",
        phase="Failed",
        reason="why",
        created_text="c",
        updated_text="p",
        extend_param={"a.b-c": "1"},
        completed_at=1_769_904_000 * 10**9,
        extra=None,
        job_id="u",
        parent_job_id=None,
        path="",
        depth=0,
        ordinal=0,
        is_leaf=False,
    )
    assert (step.job_id, step.parent_job_id) == ("s", "u")


@pytest.mark.parametrize(
    ("document", "dialect"),
    [
        ({"spec": {"subjobs": []}}, Dialect.V2),
        ({"spec": {"clusteruid": "c"}, "status": {"phase": "Running"}}, Dialect.V2),
        ({"spec": {}, "status": {"status": "Running"}}, Dialect.V2),
        ({"spec": {}, "apiVersion": "v2"}, Dialect.V2),
        ({"spec": {}}, Dialect.V3),
        ({"spec": {"clusterUID": "c"}, "status": {"phase": "Success", "completionTime": "e"}}, Dialect.V3),
    ],
)
def test_the_dialect_is_told_by_its_keys(document: dict[str, Any], dialect: Dialect) -> None:
    assert parse(document).dialect == dialect


@pytest.mark.parametrize("is_null", [False, True])
@pytest.mark.parametrize("path", [(key,) for key in V3] + [(part, key) for part in SECTIONS for key in V3[part]])
def test_every_field_may_be_absent_or_null(path: tuple[str, ...], is_null: bool) -> None:
    for document in (deepcopy(V3), v2_of(deepcopy(V3))):
        at = document if len(path) == 1 else document[path[0]]
        key = path[-1] if path[-1] in at else V2_KEYS.get(path[-1], "status")
        at[key] = None
        if not is_null:
            del at[key]
        assert extra(document) == {}


@pytest.mark.parametrize("section", SECTIONS)
def test_one_section_is_enough_even_when_empty(section: str) -> None:
    job = root({section: {}})
    assert (job.job_id, job.uid, job.job_type, job.phase, job.extend_param) == ("r", None, None, None, {})
    assert (job.is_leaf, job.extra) == (True, None)


@pytest.mark.parametrize("document", [{}, {"kind": "Job", "apiVersion": "v3"}, dict.fromkeys(SECTIONS)])
def test_a_body_without_any_section_is_no_job(document: dict[str, Any]) -> None:
    assert refused(document) == ("no_content", "")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty_body"),
        (b" \n", "empty_body"),
        (b"<html></html>", "invalid_json"),
        (b'{"spec": {', "invalid_json"),
        (b'{"spec": {}} {"spec": {}}', "invalid_json"),
        (b'{"spec": "\xff"}', "invalid_json"),
        (b'{"spec": {"extendParam": {"a": "\xff"}, "extendParam": {"a": "b"}}}', "invalid_json"),
        (b'{"spec": {"extendParam": {"a": "b",}}}', "invalid_json"),
        (b'{"status": {"phase": "\\ud83d"}}', "invalid_json"),
        (b'{"spec": NaN}', "invalid_json"),
        ('{"spec": {}}'.encode("utf-16"), "invalid_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"job"', "not_an_object"),
        (b'{"kind": "Cluster", "metadata": {}}', "wrong_kind"),
    ],
)
def test_what_is_no_job_says_what_it_is(body: bytes, kind: str) -> None:
    assert refused(body)[0] == kind


def test_a_byte_order_mark_and_white_space_are_forgiven() -> None:
    assert parse_payload(b"\xef\xbb\xbf \r\n" + EXAMPLE_BODY + b"\n") == parse_payload(EXAMPLE_BODY)


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (b'"spec": {"type": "a"}, "spec": {"clusterUID": "b"}', (None, "b", {}, None)),
        (b'"spec": {}, "status": {"phase": 7, "phase": "Success"}', (None, None, {}, "Success")),
        (b'"spec": {"extendParam": {"a": "1", "b": "2", "a": "3"}}', (None, None, {"a": "3", "b": "2"}, None)),
        (b'"spec": {"extendParam": {"a": 1}, "extendParam": {"a": "1"}}', (None, None, {"a": "1"}, None)),
        (b'"spec": {"t\\u0079pe": "\\ud83d\\ude00"}', ("\U0001f600", None, {}, None)),
    ],
)
def test_of_a_key_that_stands_twice_the_last_value_counts(sections: bytes, expected: tuple[Any, ...]) -> None:
    (job,) = parse_payload(b'{"metadata": {"uid": "u"}, %s}' % sections).nodes
    assert (job.job_type, job.cluster_id, job.extend_param, job.phase) == expected


@pytest.mark.parametrize("wrong", [5, 1.5, True, ["x"]])
@pytest.mark.parametrize("path", [(part, key) for part in SECTIONS for key in V3[part]])
def test_a_known_key_of_a_wrong_type_is_named_by_its_path(path: tuple[str, str], wrong: object) -> None:
    document = deepcopy(V3)
    document[path[0]][path[1]] = {"x": "y"} if path[1] == "subJobs" else wrong
    assert refused(document) == ("wrong_type", ".".join(path))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("wrong", [0, "", False, []])
def test_an_empty_value_of_a_wrong_type_is_no_absence(section: str, wrong: object) -> None:
    assert refused({"metadata": {}, "spec": {}, section: wrong}) == ("wrong_type", section)
    for key in ("subJobs", "extendParam"):
        if key != "subJobs" or wrong != []:
            kind = refused({"spec": {key: wrong}})
            assert kind == ("wrong_type", f"spec.{key}")


def test_a_wrong_type_deep_in_the_tree_is_named_by_its_path() -> None:
    steps: list[Any] = [{}, {"spec": {"subJobs": [{"status": {"reason": 7}}]}}]
    assert refused({"spec": {"subJobs": steps}}) == ("wrong_type", "spec.subJobs[1].spec.subJobs[0].status.reason")
    assert refused({"spec": {"subJobs": [{}, None]}}) == ("wrong_type", "spec.subJobs[1]")
    assert refused({"spec": {"subjobs": [{}, "step"]}}) == ("wrong_type", "spec.subJobs[1]")
    assert refused({"metadata": []}) == ("wrong_type", "metadata")


def test_unknown_keys_are_kept_where_they_stood() -> None:
    document = deepcopy(V3) | {"new": [1]}
    document["metadata"]["labels"] = {"a": None}
    document["spec"]["ownerJob"] = "o"
    document["status"]["message"] = ""
    assert extra(document) == {
        "new": [1],
        "metadata": {"labels": {"a": None}},
        "spec": {"ownerJob": "o"},
        "status": {"message": ""},
    }


def test_what_the_other_dialect_says_besides_is_kept_too() -> None:
    document = {"spec": {"clusterUID": "a", "clusteruid": "b"}, "status": {"phase": "Running", "status": "Success"}}
    assert (root(document).cluster_id, root(document).phase) == ("a", "Running")
    assert extra(document) == {"spec": {"clusteruid": "b"}, "status": {"status": "Success"}}


def test_a_kind_or_version_of_another_spelling_is_kept() -> None:
    assert extra({"kind": "job", "apiVersion": "v9", "spec": {}}) == {"kind": "job", "apiVersion": "v9"}


@pytest.mark.parametrize(
    "value",
    [
        *("null", "true", "0", "-7", "1.10", "1e400", "1E5", "-0.0", "0.1000000000000000055511151231257827"),
        *("123456789012345678901234567890", "1e99999999999999999999", '{"a":[1.0,"x"]}', "[]"),
    ],
)
def test_a_parameter_of_another_type_is_kept_as_its_json_text(value: str) -> None:
    body = b'{"spec": {"extendParam": {"k": %s}, "new": %s}}' % (value.encode(), value.encode())
    (job,) = parse_payload(body, "r").nodes
    assert job.extend_param == {"k": value}
    assert job.extra == f'{{"spec":{{"new":{value}}}}}'


def test_parameters_keep_empty_texts_and_odd_names() -> None:
    parameters = {"": "", "a.b-c": "", "\u00e4\x00\n": "\U0001f600"}
    assert root({"spec": {"extendParam": parameters}}).extend_param == parameters


@pytest.mark.parametrize("levels", [1, 2, 100, 249, 250])
def test_a_tree_of_as_many_levels_as_promised_loads(levels: int) -> None:
    nodes = parse_payload(deep(levels), "r").nodes
    assert (len(nodes), nodes[-1].job_type, MAX_LEVELS) == (levels, "Leaf", 250)


def test_as_many_levels_load_below_a_caller_of_150_frames() -> None:
    def parse_below(frames: int) -> int:
        return parse_below(frames - 1) if frames else len(parse_payload(deep(MAX_LEVELS), "r").nodes)

    assert parse_below(150) == MAX_LEVELS


@pytest.mark.parametrize("levels", [251, 334, 1_000, 50_000])
def test_a_deeper_tree_is_refused(levels: int) -> None:
    assert refused(deep(levels)) == ("too_deep", "")


@pytest.mark.parametrize("place", [b'{"spec": {"extendParam": {"k": %s}}}', b'{"spec": {"new": %s}}'])
def test_a_value_nested_too_deep_to_be_kept_is_refused(place: bytes) -> None:
    assert refused(place % (b"[" * 100_000 + b"]" * 100_000))[0] == "too_deep"


def test_a_tree_of_more_nodes_than_anybody_has_seen_is_refused() -> None:
    body = b'{"spec":{"subJobs":[%s]}}'
    assert len(parse_payload(body % b",".join([b"{}"] * (MAX_NODES - 1)), "r").nodes) == MAX_NODES
    assert refused(body % b",".join([b"{}"] * MAX_NODES)) == ("too_many_nodes", "")


def test_a_body_of_another_job_is_refused() -> None:
    assert parse_payload(b'{"metadata": {"uid": "r"}}', "r").nodes[0].uid == "r"
    assert parse_payload(b'{"metadata": {}}', "r").job_id == "r"
    with pytest.raises(PayloadError, match="asked for r, got the job 's'") as caught:
        parse_payload(b'{"metadata": {"uid": "s"}}', "r")
    assert (caught.value.kind, caught.value.path) == ("uid_mismatch", "metadata.uid")


@pytest.mark.parametrize("metadata", [{}, {"uid": None}, {"uid": ""}])
def test_a_body_that_nobody_asked_for_has_to_say_its_id(metadata: dict[str, Any]) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_payload(json.dumps({"metadata": metadata}).encode())
    assert (caught.value.kind, caught.value.path) == ("missing_uid", "metadata.uid")


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("Success", Phase.SUCCESS),
        ("SUCCESS", Phase.SUCCESS),
        (" failed ", Phase.FAILED),
        ("JobPhaseRunning", Phase.RUNNING),
        ("JOBPHASEinitializing", Phase.INITIALIZING),
        ("Succeeded", None),
        ("JobPhase", None),
        ("", None),
        (None, None),
    ],
)
def test_a_phase_is_known_in_any_case_and_with_its_prefix(text: str | None, phase: Phase | None) -> None:
    assert canonical_phase(text) is phase


def test_only_success_and_failed_of_the_root_end_a_tree() -> None:
    phases = [*Phase, "JobPhaseSuccess", "failed", "Paused", None]
    ended = [phase for phase in phases if parse({"status": {"phase": phase}}).is_terminal]
    assert ended == ["Success", "Failed", "JobPhaseSuccess", "failed"]
    steps = [{"status": {"phase": "Success"}}]
    assert not parse({"status": {"phase": "Running"}, "spec": {"subJobs": steps}}).is_terminal
    assert parse({"status": {"phase": "Failed"}, "spec": {"subJobs": [{"status": {"phase": "Running"}}]}}).is_terminal


@settings(deadline=None)
@given(st.binary() | (JSON_VALUES | JOB_LIKE).map(lambda value: json.dumps(value).encode()))
def test_no_body_does_more_than_raise_a_payload_error(body: bytes) -> None:
    try:
        tree = parse_payload(body, "r")
    except PayloadError:
        return
    assert isinstance(tree, ParsedPayload)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_no_unknown_key_and_no_parameter_is_lost(unknown: dict[str, Any], parameters: dict[str, Any]) -> None:
    unknown = {f"x-{key}": value for key, value in unknown.items()}
    document = {"spec": {"extendParam": parameters, **unknown}, **unknown}
    assert extra(document) == unknown | ({"spec": unknown} if unknown else {})
    kept = root(document).extend_param
    texts = {key: value for key, value in parameters.items() if isinstance(value, str)}
    others = {key: value for key, value in parameters.items() if not isinstance(value, str)}
    assert {key: kept[key] for key in texts} == texts
    assert {key: json.loads(kept[key]) for key in others} == others


TEXTS = st.none() | st.text(max_size=3)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(["Job", None]),
            "metadata": st.dictionaries(st.sampled_from(list(V3["metadata"])), TEXTS),
            "spec": st.dictionaries(st.sampled_from(["type", "clusterUID", "resourceID", "resourceName"]), TEXTS),
            "status": st.dictionaries(st.sampled_from(["phase", "reason"]), TEXTS),
        },
    )
)
def test_an_unknown_key_changes_nothing_else(document: dict[str, Any]) -> None:
    document = {"spec": {}} | document
    uid = (document.get("metadata") or {}).get("uid") or "r"
    usual = parse_payload(json.dumps(document).encode(), uid)
    (job,) = parse_payload(json.dumps(document | {"new": 1}).encode(), uid).nodes
    assert job.extra == '{"new":1}'
    assert [
        {name: getattr(one, name) for name in JobNode.__struct_fields__ if name != "extra"} for one in usual.nodes
    ] == [{name: getattr(job, name) for name in JobNode.__struct_fields__ if name != "extra"}]
