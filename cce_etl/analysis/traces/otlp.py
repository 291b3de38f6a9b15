"""One job's tree as OTLP/JSON, which tracing systems accept at /v1/traces."""

from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final

import msgspec

from cce_etl.analysis.traces.tree import Span, Trace

# SPAN_KIND_INTERNAL, and the status codes STATUS_CODE_OK and STATUS_CODE_ERROR.
_INTERNAL: Final = 1
_OK: Final = 1
_ERROR: Final = 2


def otlp(trace: Trace) -> bytes:
    """Return the tree as one TracesData: a span for each node that has one, below its nearest ancestor that has one.

    OTLP requires an end, so the span of a running node ends when the node was last fetched and has the attribute
    cce.is_running. The resource counts the nodes that were left out (cce.left_out_count): those without a span, and
    those that started before 1970, which OTLP cannot express. Ids are hashes of source, root and path: the same node
    has the same id in every export.
    Source: OTLP specification 1.x, "JSON Protobuf Encoding": ids in hex, 64-bit integers as strings, enums as numbers.
    """
    spans = [span for span in trace.spans() if span.start_ns >= 0]
    resource = {
        "service.name": "cce",
        "cce.source": trace.source,
        "cce.root_job_id": trace.root_job_id,
        "cce.left_out_count": len(trace.nodes) - len(spans),
    }
    scope = {"name": "cce-etl", "version": version("cce-etl")}
    in_scope = {"scope": scope, "spans": [_span(span, trace) for span in spans]}
    in_resource = {"resource": {"attributes": _attributes(resource)}, "scopeSpans": [in_scope]}
    return msgspec.json.encode({"resourceSpans": [in_resource]})


def trace_id(source: str, root_job_id: str) -> str:
    """Return the id of a tree, 32 hex digits."""
    return sha256(msgspec.json.encode((source, root_job_id))).hexdigest()[:32]


def span_id(source: str, root_job_id: str, path: str) -> str:
    """Return the id of a node, 16 hex digits."""
    return sha256(msgspec.json.encode((source, root_job_id, path))).hexdigest()[:16]


def _span(span: Span, trace: Trace) -> dict[str, Any]:
    node, tree = span.node, (trace.source, trace.root_job_id)
    facts: dict[str, object] = {f"cce.{name}": value for name, value in node.facts().items()}
    parameters: dict[str, object] = {f"cce.extend_param.{name}": value for name, value in node.extend_param.items()}
    parent = {} if span.parent_path is None else {"parentSpanId": span_id(*tree, span.parent_path)}
    # The status of a running node is unset.
    status: dict[str, Any] = {"code": _OK} if node.phase == "Success" else {}
    if node.phase == "Failed":
        status = {"code": _ERROR} | ({"message": node.reason} if node.reason else {})
    return parent | {
        "traceId": trace_id(*tree),
        "spanId": span_id(*tree, node.path),
        "name": node.name,
        "kind": _INTERNAL,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes(facts | parameters),
        "status": status,
    }


def _attributes(values: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}
