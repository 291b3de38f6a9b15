"""One job's tree as Chrome Trace Event JSON, which Perfetto and chrome://tracing open."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, Final

import msgspec

from cce_etl.analysis.traces.tree import Span, Trace
from cce_etl.timestamps import utc_text

# Decimals are written digit by digit, so that microseconds keep their nanoseconds.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_PROCESS: Final = 1


def trace_events(trace: Trace) -> bytes:
    """Return the tree in the format's JSON Object Format: a complete event (ph X) for each node with a span.

    Time runs from the earliest start. `otherData` says when that was, and counts the nodes that are left out by the
    reason why they have no span. The event of a running node ends when the node was last fetched and has is_running
    among its args, because viewers draw an event without an end with no length. Source: Trace Event Format (Google,
    2016), sections "JSON Object Format", "Complete Events", "Metadata Events".
    """
    order = {node.path: index for index, node in enumerate(trace.nodes)}
    spans = sorted(trace.spans(), key=lambda span: (span.start_ns, -span.end_ns, order[span.node.path]))
    zero_ns = spans[0].start_ns if spans else 0
    lanes = lanes_of(spans)
    observed_ns = trace.root.observed_ns
    document = {
        "traceEvents": [
            *_metadata_events(trace, lanes),
            *(
                {
                    "name": span.node.name,
                    "ph": "X",
                    "pid": _PROCESS,
                    "tid": lanes[span.node.path] + 1,
                    "args": span.node.facts() | {"extend_param": span.node.extend_param},
                    "cat": span.node.phase or "no phase sent",
                    # The format counts in microseconds.
                    "ts": Decimal(span.start_ns - zero_ns).scaleb(-3),
                    "dur": Decimal(span.end_ns - span.start_ns).scaleb(-3),
                }
                for span in spans
            ),
        ],
        "displayTimeUnit": "ms",
        "otherData": {
            "source": trace.source,
            "root_job_id": trace.root_job_id,
            "time_zero": f"{utc_text(zero_ns)} UTC" if spans else None,
            "observed_at": None if observed_ns is None else f"{utc_text(observed_ns)} UTC",
            "left_out": trace.no_span_counts(),
        },
    }
    return _ENCODER.encode(document)


def lanes_of(spans: Sequence[Span]) -> dict[str, int]:
    """Return the lane of each span by path, from 0. On one lane two spans are apart, or one is the other's child.

    The spans come in order of start, and spans of the same start with the longest first. A span gets its parent's lane
    when no other span is open there within the parent, else the first free lane.
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


def _metadata_events(trace: Trace, lanes: dict[str, int]) -> Iterator[dict[str, Any]]:
    process = {"name": f"{trace.root.name} {trace.root_job_id}"}
    yield {"name": "process_name", "ph": "M", "pid": _PROCESS, "tid": 1, "args": process}
    for lane in sorted(set(lanes.values())):
        event = {"ph": "M", "pid": _PROCESS, "tid": lane + 1}
        yield event | {"name": "thread_name", "args": {"name": f"in parallel {lane}" if lane else "steps"}}
        yield event | {"name": "thread_sort_index", "args": {"sort_index": lane}}
