"""One job's tree as Chrome Trace Event JSON, which Perfetto and chrome://tracing open. Pure.

Lives here: the document, and lanes on which steps that overlap do not collide.
Does not: reading the tree (`traces`), writing files (`cli/tracing`).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, Final

import msgspec

from cce_etl.analysis.explain.periods import sql_text
from cce_etl.analysis.traces.tree import Span, Trace

# Decimals are written digit by digit, so that microseconds keep their nanoseconds.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_PROCESS: Final = 1


class TraceEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold one event in the format's own names; `ts` and `dur` are in microseconds."""

    name: str
    ph: str
    pid: int
    tid: int
    args: dict[str, Any]
    cat: str | None = None
    ts: Decimal | None = None
    dur: Decimal | None = None


def trace_events(trace: Trace) -> bytes:
    """Return the tree in the format's JSON Object Format: a complete event (ph X) a node with a span.

    Time runs from the earliest start; `otherData` tells when that was, and counts the nodes left out by what they
    lack. A running node ends when it was last fetched, with is_running among its args: viewers give an event without
    an end no length of its own. Source: Trace Event Format (Google, 2016), sections "JSON Object Format", "Complete
    Events", "Metadata Events".
    """
    order = {node.path: place for place, node in enumerate(trace.nodes)}
    spans = sorted(trace.spans(), key=lambda span: (span.start_ns, -span.end_ns, order[span.node.path]))
    zero_ns = spans[0].start_ns if spans else 0
    lanes = lanes_of(spans)
    document = {
        "traceEvents": [*_names(trace, lanes), *(_event(span, lanes[span.node.path], zero_ns) for span in spans)],
        "displayTimeUnit": "ms",
        "otherData": {
            "source": trace.source,
            "root_job_id": trace.root_job_id,
            "time_zero": _utc(zero_ns) if spans else None,
            "observed_at": None if trace.root.observed_ns is None else _utc(trace.root.observed_ns),
            "left_out": trace.lacks(),
        },
    }
    return _ENCODER.encode(document)


def lanes_of(spans: Sequence[Span]) -> dict[str, int]:
    """Return the lane of each span by path, from 0; on a lane any two spans are apart, or a child is within its parent.

    The spans come in order of start, of the same start the longest first. A span stands on its parent's lane where
    nothing else is open within the parent, else on the first lane that is free.
    """
    lanes: dict[str, int] = {}
    open_spans: list[list[Span]] = []
    busy: list[tuple[int, int]] = []
    free: list[int] = []
    for span in spans:
        while busy and busy[0][0] <= span.start_ns:
            heappush(free, heappop(busy)[1])
        lane = lanes.get(span.parent_path) if span.parent_path is not None else None
        if lane is None or not _fits(span, open_spans[lane]):
            if not free:
                heappush(free, len(open_spans))
                open_spans.append([])
            lane = heappop(free)
            open_spans[lane].clear()
            heappush(busy, (span.end_ns, lane))
        open_spans[lane].append(span)
        lanes[span.node.path] = lane
    return lanes


def _fits(span: Span, open_spans: list[Span]) -> bool:
    while open_spans and open_spans[-1].end_ns <= span.start_ns:
        open_spans.pop()
    if not open_spans:
        return False
    innermost = open_spans[-1]
    return innermost.node.path == span.parent_path and span.end_ns <= innermost.end_ns


def _names(trace: Trace, lanes: dict[str, int]) -> Iterator[TraceEvent]:
    kind = trace.root.job_type or "no type sent"
    yield _metadata("process_name", 0, {"name": f"{kind} {trace.root_job_id}"})
    for lane in sorted(set(lanes.values())):
        yield _metadata("thread_name", lane, {"name": f"in parallel {lane}" if lane else "steps"})
        yield _metadata("thread_sort_index", lane, {"sort_index": lane})


def _metadata(name: str, lane: int, args: dict[str, Any]) -> TraceEvent:
    return TraceEvent(name, "M", _PROCESS, lane + 1, args)


def _event(span: Span, lane: int, zero_ns: int) -> TraceEvent:
    node = span.node
    return TraceEvent(
        name=node.job_type or "no type sent",
        ph="X",
        pid=_PROCESS,
        tid=lane + 1,
        args=_args(span),
        cat=node.phase or "no phase sent",
        ts=_microseconds(span.start_ns - zero_ns),
        dur=_microseconds(span.end_ns - span.start_ns),
    )


def _args(span: Span) -> dict[str, Any]:
    node = span.node
    args = {
        "job_id": node.job_id,
        "parent_job_id": node.parent_job_id,
        "path": node.path,
        "phase": node.phase,
        "reason": node.reason,
        "cluster_id": node.cluster_id,
        "resource_id": node.resource_id,
        "resource_name": node.resource_name,
        "critical_self_seconds": node.critical_self_seconds,
    }
    marks = {"is_running": node.is_running, "is_on_critical_path": node.is_on_critical_path}
    sent = {name: value for name, value in args.items() if value not in (None, "")}
    return sent | {name: True for name, holds in marks.items() if holds} | {"extend_param": node.extend_param}


def _microseconds(nanoseconds: int) -> Decimal:
    return Decimal(nanoseconds).scaleb(-3)


def _utc(instant_ns: int) -> str:
    return f"{sql_text(instant_ns)} UTC"
