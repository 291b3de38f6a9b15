"""Two ways from a body to rows: whatever the body, the fast one says what the one that reads every shape says."""

import json
from copy import deepcopy
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.errors import PayloadError
from cce_etl.transform.flatten import Span, table_of_rows
from cce_etl.transform.job_rows import flatten
from cce_etl.transform.payload import Dialect, JobRow, decode_job, is_terminal
from cce_etl.transform.readings import BodyReader
from cce_etl.transform.versions import decode_for, latest_time

UID = "fd474fab-9606-11e8-baa9-0255ac10215d"
TEXTS = st.none() | st.sampled_from(["", "x", UID, "\u00e4\x00\n", "JobPhaseSuccess", "Running", "failed", "v2"])
CLOCKS = st.none() | st.sampled_from(
    [
        "2018-08-02 08:12:40.672772389 +0000 UTC",
        "2018-08-02 08:12:40 +0000 UTC",
        "2018-08-02 16:12:40.6 +0800 CST",
        "2018-08-02T08:12:40.672772Z",
        "0001-01-01 00:00:00 +0000 UTC",
        "2018-02-29 08:12:40 +0000 UTC",
        "soon",
        "",
    ]
)
PARAMETERS = st.none() | st.dictionaries(st.sampled_from(["", "a.b-c", "\u00e4", "serverID"]), st.sampled_from("xyz"))


def fields(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make objects that hold any of the fields, in any order."""
    return st.lists(st.sampled_from(sorted(values)), unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: values[name] for name in names})
    )


def nodes(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make nodes of the documented shape."""
    spec = fields(
        type=TEXTS,
        clusterUID=TEXTS,
        resourceID=TEXTS,
        resourceName=TEXTS,
        extendParam=PARAMETERS,
        subJobs=st.none() | steps,
    )
    return fields(
        kind=st.sampled_from([None, "Job"]),
        apiVersion=st.sampled_from([None, "v3"]),
        metadata=st.none() | fields(uid=TEXTS, creationTimestamp=CLOCKS, updateTimestamp=CLOCKS),
        spec=st.none() | spec,
        status=st.none() | fields(phase=TEXTS, reason=TEXTS),
    )


DOCUMENTED = st.recursive(
    nodes(st.just([])), lambda inner: nodes(st.lists(inner, min_size=1, max_size=3)), max_leaves=6
)
NAMES = [
    *("kind", "apiVersion", "metadata", "spec", "status", "new", "Spec", "uid", "UID"),
    *("creationTimestamp", "creationtimestamp", "type", "clusterUID", "clusteruid", "resourceID", "subJobs", "subjobs"),
    *("extendParam", "extendparam", "phase", "reason", "completionTime"),
]
ODD_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1.5, 10**30, "", "x", "v2", "Job", "Cluster", [], [None], [{}], ["x"], {}, {"a": 1.50}, {"a": "b"}]
)


# A root that does not say its id goes the slow way at once, so that most of them do.
NAMED = DOCUMENTED.map(lambda root: root | {"metadata": (root.get("metadata") or {}) | {"uid": UID}})


@st.composite
def odd(draw: st.DrawFn) -> Any:
    """Make a documented job in which something is not as documented, anywhere."""
    document = deepcopy(draw(NAMED))  # equal parts of it may be one object
    places: list[Any] = [document]
    for place in places:
        inner = list(place.values()) if isinstance(place, dict) else place
        places += [one for one in inner if isinstance(one, dict | list)]
    for place in draw(st.lists(st.sampled_from(places), min_size=1, max_size=2)):
        if isinstance(place, dict):
            place[draw(st.sampled_from(NAMES))] = draw(ODD_VALUES)
        else:
            place.append(draw(ODD_VALUES))
    return document


def comparable(table: pa.Table) -> list[dict[str, Any]]:
    """Return rows as Python has them, instants as integers, in the order of their paths."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.int64()))
    rows: list[dict[str, Any]] = table.to_pylist()
    return sorted(rows, key=lambda row: str(row["path"]))


Seen = tuple[str, Dialect, bool, int | None, list[dict[str, Any]]] | tuple[str, str, str]


def read_fast(body: bytes, asked_for: str | None) -> Seen:
    reader = BodyReader()
    try:
        reading = reader.read(body, asked_for)
    except PayloadError as error:
        return error.kind, error.path, str(error)
    (latest,) = reader.latest_times([reading])
    return reading.job_id, reading.dialect, reading.is_terminal, latest, comparable(reader.table([reading]))


def read_slow(body: bytes, asked_for: str | None) -> Seen:
    """Say the same by the way that reads every shape."""
    try:
        decoded = decode_job(body) if asked_for is None else decode_for(asked_for, body)
    except PayloadError as error:
        return error.kind, error.path, str(error)
    job_id = asked_for or decoded.job.uid
    if job_id is None:
        message = "expected a job's id, which alone names it in a file at metadata.uid"
        return "missing_uid", "metadata.uid", message
    rows = flatten(decoded.job, job_id)
    return job_id, decoded.dialect, is_terminal(decoded.job), latest_time(rows), comparable(table_of_rows(rows))


@settings(deadline=None, max_examples=100)
@given(NAMED | odd() | DOCUMENTED, st.none() | st.just(UID))
@example({"metadata": {"uid": UID}, "spec": {"subJobs": [{}, {"spec": {"subJobs": [{}]}}]}}, None)
@example({"metadata": {"uid": UID}, "status": {"phase": "Failed", "completionTime": "2018-08-02T08:12:40Z"}}, None)
@example({"metadata": {"uid": UID}, "spec": {"extendParam": {"a": 1.50}}}, None)
def test_both_ways_say_the_same_of_any_document(document: Any, asked_for: str | None) -> None:
    body = json.dumps(document, ensure_ascii=False).encode()
    assert read_fast(body, asked_for) == read_slow(body, asked_for)


META = b'"metadata":{"uid":"%s"}' % UID.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"<html>",
        b"{%s" % META,
        b"{%s} x" % META,
        b" \r\n{%s}\n " % META,
        b"\xef\xbb\xbf{%s}" % META,
        b'{%s,"spec":{"type":"a"},"spec":{"clusterUID":"b"}}' % META,
        b'{%s,"status":{"phase":"Success","phase":null}}' % META,
        b'{%s,"status":{"phase":7,"phase":"Success"}}' % META,
        b'{%s,"spec":{"extendParam":{"a":"1","b":"2","a":"3"}}}' % META,
        b'{%s,"spec":{"extendParam":{"a":1},"extendParam":{"a":"1"}}}' % META,
        b'{%s,"spec":{"extendParam":{"a":"\\ud83d\\ude00"},"t\\u0079pe":"\\u0041"}}' % META,
        b'{%s,"spec":{"extendParam":{"a":"\\ud83d"}}}' % META,
        b'{%s,"spec":{"extendParam":{"a":"\xff"}}}' % META,
        b'{%s,"spec":{"extendParam":{"a":"\xff"},"extendParam":{"a":"b"}}}' % META,
        b'{%s,"spec":{"extendParam":{"a":"b",}}}' % META,
        b'{%s,"spec":{"extendParam": { "a" : "b" } }}' % META,
        b'{%s,"spec":{"extendParam":{"a":1e999}}}' % META,
        b'{%s,"spec":{"extendParam":null,"subJobs":null}}' % META,
        b'{%s,"spec":{"type":"\xff"}}' % META,
        b'{%s,"status":{"phase":"\\ud83d"}}' % META,
        b'{"metadata":{"uid":""},"spec":{}}',
        b'{"metadata":{"uid":"other"}}',
        b'{%s,"spec":{"subJobs":[{"metadata":{"uid":""}},{"metadata":null}]}}' % META,
    ],
)
@pytest.mark.parametrize("asked_for", [None, UID])
def test_both_ways_say_the_same_of_any_bytes(body: bytes, asked_for: str | None) -> None:
    assert read_fast(body, asked_for) == read_slow(body, asked_for)


@pytest.mark.parametrize("levels", [2, 31, 32, 33, 334, 1_000, 1_001])
def test_both_ways_say_the_same_of_any_depth(levels: int) -> None:
    body = b'{%s,"spec":{"subJobs":[' % META + b'{"spec":{"subJobs":[' * (levels - 2) + b"{}" + b"]}}" * (levels - 1)
    assert read_fast(body, None) == read_slow(body, None)


def test_both_ways_refuse_a_tree_of_too_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cce_etl.transform.payload.MAX_NODES", 3)
    for count, kind in ((2, UID), (3, "too_many_nodes")):
        body = b'{%s,"spec":{"subJobs":[%s]}}' % (META, b",".join([b"{}"] * count))
        assert read_fast(body, None)[0] == kind
        assert read_fast(body, None) == read_slow(body, None)


def test_documented_bodies_go_the_fast_way_and_others_go_the_other(job_body: Any) -> None:
    reader = BodyReader()
    documented = [EXAMPLE_BODY.replace(EXAMPLE_JOB_ID.encode(), b"a"), b'{"metadata":{"uid":"b"}}', job_body("c")]
    assert [type(reader.read(body).rows) for body in documented] == [Span] * 3
    others = [b'{"metadata":{"uid":"b"},"new":1}', b'{"spec":{},"apiVersion":"v2","metadata":{"uid":"b"}}']
    assert [type(reader.read(body).rows) for body in others] == [list] * 2


def test_a_table_holds_the_rows_of_the_readings_asked_for_and_no_others() -> None:
    reader = BodyReader()
    bodies = {
        name: json.dumps({"metadata": {"uid": name}, "spec": {"type": name, "extendParam": {"n": name}}} | more)
        for name, more in (("a", {}), ("b", {"new": 1}), ("c", {}), ("d", {"new": 2}), ("e", {}))
    }
    readings = {name: reader.read(body.encode()) for name, body in bodies.items()}
    table = reader.table([readings["e"], readings["d"], readings["a"]])
    rows = [(row["job_id"], row["job_type"], row["extend_param"]) for row in table.to_pylist()]
    assert sorted(rows) == [(name, name, [("n", name)]) for name in "ade"]
    assert reader.table([]).num_rows == 0
    assert reader.table([]).column_names == list(JobRow.__struct_fields__)


def test_a_body_that_was_too_deep_leaves_nothing_among_the_others() -> None:
    reader = BodyReader()
    deep = b'{%s,"spec":{"subJobs":[' % META + b'{"spec":{"subJobs":[' * 40 + b"{}" + b"]}}" * 41
    first, _, last = (reader.read(body) for body in (b'{"metadata":{"uid":"a"}}', deep, b'{"metadata":{"uid":"b"}}'))
    assert reader.table([first, last])["job_id"].to_pylist() == ["a", "b"]
