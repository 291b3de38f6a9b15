"""OTLP/JSON that the specification's own messages take, ids converted as it says."""

import json
from base64 import b64encode
from typing import Any

from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData

from cce_etl.analysis.traces.otlp import otlp, span_id, trace_id
from cce_etl.analysis.traces.tree import Trace
from tests.analysis.traced import BEGIN, OBSERVED, SECOND, node, trace

_IDS = ("traceId", "spanId", "parentSpanId")


def parsed(one: Trace) -> TracesData:
    """Parse as protobuf does, which takes ids in base64 where OTLP writes them in hex."""
    document = json.loads(otlp(one))
    for span in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span |= {name: b64encode(bytes.fromhex(span[name])).decode() for name in _IDS if name in span}
    data = TracesData()
    ParseDict(document, data)
    return data


def spans(one: Trace) -> dict[str, Span]:
    return {span.name: span for span in parsed(one).resource_spans[0].scope_spans[0].spans}


def attributes(holder: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in holder.attributes}


def test_ids_have_their_lengths_and_children_name_their_parents() -> None:
    found = spans(trace(node("", 0, 9), node("0", 1, 5), node("0/0", 2, 3)))
    assert {len(span.trace_id) for span in found.values()} == {16}
    assert {len(span.span_id) for span in found.values()} == {8}
    assert len({span.span_id for span in found.values()}) == 3
    assert found["T"].parent_span_id == b""
    assert found["T0/0"].parent_span_id == found["T0"].span_id
    assert found["T0"].parent_span_id == found["T"].span_id


def test_a_root_without_a_parent_has_no_key_for_one_and_ids_are_lower_case_hex() -> None:
    (span,) = json.loads(otlp(trace(node(""))))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert "parentSpanId" not in span
    assert (span["traceId"], span["spanId"]) == (trace_id("s", "root"), span_id("s", "root", ""))
    assert span["traceId"] == f"{int(span['traceId'], 16):032x}"
    assert (span["startTimeUnixNano"], span["endTimeUnixNano"]) == (str(BEGIN), str(BEGIN + SECOND))


def test_the_same_node_has_the_same_id_in_every_export_and_no_other_node_has_it() -> None:
    assert trace_id("s", "root") == trace_id("s", "root") != trace_id("t", "root")
    assert span_id("s", "a", "b") != span_id("s", "a", "c")
    assert span_id("s", "a/b", "") != span_id("s", "a", "b")


def test_times_are_exact_to_the_nanosecond() -> None:
    span = spans(trace(node("", 0.000000001, 60.123456789)))["T"]
    assert span.start_time_unix_nano == BEGIN + 1
    assert span.end_time_unix_nano == BEGIN + 60 * SECOND + 123_456_789


def test_a_failure_is_an_error_with_its_reason_and_a_running_span_has_no_status() -> None:
    found = spans(trace(node("", 0, None, "Running"), node("0", 0, 1, "Failed", reason="no quota"), node("1", 0, 1)))
    assert (found["T0"].status.code, found["T0"].status.message) == (Status.STATUS_CODE_ERROR, "no quota")
    assert found["T1"].status.code == Status.STATUS_CODE_OK
    assert found["T"].status.code == Status.STATUS_CODE_UNSET
    assert {span.kind for span in found.values()} == {Span.SPAN_KIND_INTERNAL}


def test_a_running_span_ends_at_the_observation_and_says_so() -> None:
    found = spans(trace(node("", 0, None, "Running"), node("0")))
    assert found["T"].end_time_unix_nano == OBSERVED
    assert attributes(found["T"])["cce.is_running"] is True
    assert "cce.is_running" not in attributes(found["T0"])


def test_what_was_sent_becomes_attributes() -> None:
    step = node("0", extend_param={"zone": "b", "empty": ""}, is_on_critical_path=True, critical_self_seconds=0.5)
    assert attributes(spans(trace(node(""), step))["T0"]) == {
        "cce.job_id": "job 0",
        "cce.parent_job_id": "job ",
        "cce.path": "0",
        "cce.phase": "Success",
        "cce.is_on_critical_path": True,
        "cce.critical_self_seconds": 0.5,
        "cce.extend_param.zone": "b",
        "cce.extend_param.empty": "",
    }


def test_the_resource_names_the_job_and_counts_what_was_left_out() -> None:
    one = trace(node("", 0, 5), node("0", None, 5), node("1", 5, 4), node("2", -BEGIN / SECOND - 1, 5))
    data = parsed(one)
    assert len(data.resource_spans[0].scope_spans[0].spans) == 1
    assert data.resource_spans[0].scope_spans[0].scope.name == "cce-etl"
    assert attributes(data.resource_spans[0].resource) == {
        "service.name": "cce",
        "cce.source": "s",
        "cce.root_job_id": "root",
        "cce.left_out_count": 3,
    }


def test_a_span_below_one_that_was_left_out_hangs_on_the_nearest_that_was_not() -> None:
    found = spans(trace(node("", 0, 9), node("0", None, 5), node("0/0", 1, 2)))
    assert found["T0/0"].parent_span_id == found["T"].span_id
