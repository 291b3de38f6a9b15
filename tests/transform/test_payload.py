"""Bodies to jobs: both dialects, every absence, every wrong type by its path, and trees as deep as promised."""

import json
import sys
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.errors import PayloadError
from cce_etl.transform.payload import (
    MAX_LEVELS,
    Decoded,
    Dialect,
    Job,
    Phase,
    canonical_phase,
    decode_job,
    is_terminal,
    json_text,
)

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
    "status": {"phase": "Failed", "reason": "why", "completionTime": "e"},
}
V2_KEYS = {
    "clusterUID": "clusteruid",
    "resourceID": "resourceid",
    "resourceName": "resourcename",
    "extendParam": "extendparam",
    "subJobs": "subjobs",
}
EMPTY: dict[str, Any] = dict.fromkeys(Job.__struct_fields__) | {"extend_param": {}, "extra": {}, "sub_jobs": []}
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


def decode(document: Any) -> Job:
    return decode_job(json.dumps(document).encode()).job


def refused(body: bytes | dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(PayloadError) as caught:
        decode_job(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value.kind, caught.value.path


def deep(levels: int) -> bytes:
    return b'{"spec":{"subJobs":[' * (levels - 1) + b'{"spec":{"type":"Leaf"}}' + b"]}}" * (levels - 1)


def test_the_documented_example_is_read_whole() -> None:
    decoded = decode_job(EXAMPLE_BODY)
    job = decoded.job
    assert (decoded.dialect, job.uid, job.job_type, job.phase) == (
        Dialect.V3,
        EXAMPLE_JOB_ID,
        "CreateCluster",
        "Running",
    )
    assert job.created_text == "2018-08-02 08:12:40.672772389 +0000 UTC"
    assert job.extend_param == {"serverID": "bc467e3a-2338-11e8-825b-0255ac100c13"}
    assert [step.job_type for step in job.sub_jobs] == ["InstallMaster", "CreatePSMCert"]
    assert (job.extra, job.reason, is_terminal(job)) == ({}, "", False)


def test_both_dialects_say_the_same() -> None:
    v3, v2 = (decode_job(json.dumps(document).encode()) for document in (V3, v2_of(V3)))
    assert (v3.dialect, v2.dialect) == (Dialect.V3, Dialect.V2)
    assert v3.job == v2.job
    assert v2.job == Job(
        uid="u",
        job_type="CreateNode",
        cluster_id="cl",
        resource_id="ri",
        resource_name="rn",
        phase="Failed",
        reason="why",
        created_text="c",
        updated_text="p",
        completed_text="e",
        extend_param={"a.b-c": "1"},
        extra={},
        sub_jobs=[Job(**EMPTY | {"uid": "s"})],
    )


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
    assert decode_job(json.dumps(document).encode()).dialect == dialect


@pytest.mark.parametrize("is_null", [False, True])
@pytest.mark.parametrize("path", [(key,) for key in V3] + [(part, key) for part in SECTIONS for key in V3[part]])
def test_every_field_may_be_absent_or_null(path: tuple[str, ...], is_null: bool) -> None:
    for document in (deepcopy(V3), v2_of(deepcopy(V3))):
        at = document if len(path) == 1 else document[path[0]]
        key = path[-1] if path[-1] in at else V2_KEYS.get(path[-1], "status")
        at[key] = None
        if not is_null:
            del at[key]
        assert decode(document).extra == {}


@pytest.mark.parametrize("section", SECTIONS)
def test_one_section_is_enough_even_when_empty(section: str) -> None:
    assert decode({section: {}}) == Job(**EMPTY)


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


def test_a_byte_order_mark_is_forgiven() -> None:
    assert decode_job(b"\xef\xbb\xbf" + EXAMPLE_BODY + b"\n") == decode_job(EXAMPLE_BODY)


@pytest.mark.parametrize("wrong", [5, 1.5, True, ["x"]])
@pytest.mark.parametrize("path", [(part, key) for part in SECTIONS for key in V3[part]])
def test_a_known_key_of_a_wrong_type_is_named_by_its_path(path: tuple[str, str], wrong: object) -> None:
    document = deepcopy(V3)
    document[path[0]][path[1]] = {"x": "y"} if path[1] == "subJobs" else wrong
    assert refused(document) == ("wrong_type", ".".join(path))


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
    assert decode(document).extra == {
        "new": [1],
        "metadata": {"labels": {"a": None}},
        "spec": {"ownerJob": "o"},
        "status": {"message": ""},
    }


def test_what_the_other_dialect_says_besides_is_kept_too() -> None:
    job = decode({"spec": {"clusterUID": "a", "clusteruid": "b"}, "status": {"phase": "Running", "status": "Success"}})
    assert (job.cluster_id, job.phase) == ("a", "Running")
    assert job.extra == {"spec": {"clusteruid": "b"}, "status": {"status": "Success"}}


def test_a_kind_or_version_of_another_spelling_is_kept() -> None:
    assert decode({"kind": "job", "apiVersion": "v9", "spec": {}}).extra == {"kind": "job", "apiVersion": "v9"}


@pytest.mark.parametrize(
    "value",
    [
        *("null", "true", "0", "-7", "1.10", "1e400", "1E5", "-0.0", "0.1000000000000000055511151231257827"),
        *("123456789012345678901234567890", "1e99999999999999999999", '{"a":[1.0,"x"]}', "[]"),
    ],
)
def test_a_parameter_of_another_type_is_kept_as_its_json_text(value: str) -> None:
    body = b'{"spec": {"extendParam": {"k": %s}, "new": %s}}' % (value.encode(), value.encode())
    job = decode_job(body).job
    assert job.extend_param == {"k": value}
    assert json_text(job.extra) == f'{{"spec":{{"new":{value}}}}}'


def test_parameters_keep_empty_texts_and_odd_names() -> None:
    parameters = {"": "", "a.b-c": "", "\u00e4\x00\n": "\U0001f600"}
    assert decode({"spec": {"extendParam": parameters}}).extend_param == parameters


@pytest.mark.parametrize("levels", [1, 2, 333, 999, 1_000])
def test_a_tree_of_a_thousand_levels_loads(levels: int) -> None:
    before = sys.getrecursionlimit()
    job, seen = decode_job(deep(levels)).job, 1
    while job.sub_jobs:
        (job,), seen = job.sub_jobs, seen + 1
    assert (seen, job.job_type, MAX_LEVELS) == (levels, "Leaf", 1_000)
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize("levels", [1_001, 2_000, 50_000])
def test_a_deeper_tree_is_refused(levels: int) -> None:
    before = sys.getrecursionlimit()
    assert refused(deep(levels))[0] == "too_deep"
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize("depth", [2_000, 6_500, 100_000])
@pytest.mark.parametrize("place", [b'{"spec": {"extendParam": {"k": %s}}}', b'{"spec": {"new": %s}}'])
def test_a_value_nested_too_deep_to_be_kept_is_refused(depth: int, place: bytes) -> None:
    assert refused(place % (b"[" * depth + b"]" * depth))[0] == "too_deep"


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
    ended = [phase for phase in phases if is_terminal(decode({"status": {"phase": phase}}))]
    assert ended == ["Success", "Failed", "JobPhaseSuccess", "failed"]
    steps = [{"status": {"phase": "Success"}}]
    assert not is_terminal(decode({"status": {"phase": "Running"}, "spec": {"subJobs": steps}}))
    assert is_terminal(decode({"status": {"phase": "Failed"}, "spec": {"subJobs": [{"status": {"phase": "Running"}}]}}))


@settings(deadline=None)
@given(st.binary() | (JSON_VALUES | JOB_LIKE).map(lambda value: json.dumps(value).encode()))
def test_no_body_does_more_than_raise_a_payload_error(body: bytes) -> None:
    try:
        decoded = decode_job(body)
    except PayloadError:
        return
    assert isinstance(decoded, Decoded)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_no_unknown_key_and_no_parameter_is_lost(unknown: dict[str, Any], parameters: dict[str, Any]) -> None:
    unknown = {f"x-{key}": value for key, value in unknown.items()}
    job = decode({"spec": {"extendParam": parameters, **unknown}, **unknown})
    expected = unknown | ({"spec": unknown} if unknown else {})
    assert json.loads(json_text(job.extra)) == expected
    texts = {key: value for key, value in parameters.items() if isinstance(value, str)}
    others = {key: value for key, value in parameters.items() if not isinstance(value, str)}
    assert {key: job.extend_param[key] for key in texts} == texts
    assert {key: json.loads(job.extend_param[key]) for key in others} == others
