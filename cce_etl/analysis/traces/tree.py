"""One job's tree as something that ran: nodes in order of time, and the span of each that has one.

Lives here: reading it. Does not: finding the tree (`places`), documents made of it (`trace_events`, `otlp`), drawing
(`cli/waterfall`).
"""

from collections import defaultdict
from collections.abc import Iterator
from math import inf
from string import Template
from typing import Final

import msgspec

from cce_etl.analysis.explain.literals import literal
from cce_etl.analysis.published import Published
from cce_etl.analysis.traces.places import find_place

_NODES: Final = """
    SELECT
        jobs.path, jobs.parent_path, jobs.depth, jobs.ordinal, jobs.job_id, jobs.parent_job_id, jobs.job_type,
        jobs.phase, jobs.is_finished, jobs.reason, jobs.cluster_id, jobs.resource_id, jobs.resource_name,
        coalesce(jobs.extend_param, MAP {}) AS extend_param,
        epoch_ns(jobs.created_at) AS created_ns, epoch_ns(jobs.ended_at) AS ended_ns,
        epoch_ns(jobs.observed_at) AS observed_ns,
        coalesce(steps.is_on_critical_path, roots.critical_self_seconds IS NOT NULL) AS is_on_critical_path,
        coalesce(steps.critical_self_seconds, roots.critical_self_seconds) AS critical_self_seconds
    FROM core.placed_jobs AS jobs
    LEFT JOIN marts.steps AS steps
        ON jobs.source = steps.source AND jobs.root_job_id = steps.root_job_id AND jobs.path = steps.path
    LEFT JOIN marts.root_jobs AS roots
        ON jobs.source = roots.source AND jobs.root_job_id = roots.job_id AND jobs.path = ''
    WHERE jobs.source = $source AND jobs.root_job_id = $root_job_id
    ORDER BY jobs.depth, jobs.path
"""


class TraceNode(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one node of a tree; `*_ns` in nanoseconds since 1970 UTC, `parent_path` None for the root."""

    path: str
    parent_path: str | None
    depth: int
    ordinal: int
    job_id: str
    parent_job_id: str | None
    job_type: str | None
    phase: str | None
    is_finished: bool
    reason: str | None
    cluster_id: str | None
    resource_id: str | None
    resource_name: str | None
    extend_param: dict[str, str]
    created_ns: int | None
    ended_ns: int | None
    observed_ns: int | None
    is_on_critical_path: bool
    critical_self_seconds: float | None

    @property
    def is_running(self) -> bool:
        """Tell whether it had started and not ended when it was last fetched; an unknown phase is no end."""
        return not self.is_finished and self.phase != "Initializing"

    @property
    def lack(self) -> str | None:
        """Say why it has no span, None when it has one; nothing is made up in place of a missing time."""
        if not self.is_finished and not self.is_running:
            return "not started"
        if self.created_ns is None:
            return "no start sent"
        end = self.ended_ns if self.is_finished else self.observed_ns
        if end is None:
            return "no end sent"
        return "ends before its start" if end < self.created_ns else None


class Span(msgspec.Struct, frozen=True):
    """Hold when a node ran; `parent_path` is its nearest ancestor with a span, None when none has one.

    A running node's end is when it was last fetched.
    """

    node: TraceNode
    start_ns: int
    end_ns: int
    parent_path: str | None


class Trace(msgspec.Struct, frozen=True):
    """Hold one tree, parents before children and siblings in order of start, and where the id asked for stands."""

    source: str
    root_job_id: str
    nodes: list[TraceNode]
    asked_paths: list[str]

    @property
    def root(self) -> TraceNode:
        """Return the root job."""
        return self.nodes[0]

    def spans(self) -> list[Span]:
        """Return the span of every node that has one, in the order of the nodes."""
        spans: list[Span] = []
        nearest: dict[str | None, str | None] = {None: None}
        for node in self.nodes:
            above = nearest[node.parent_path]
            nearest[node.path] = above if node.lack else node.path
            end = node.ended_ns if node.is_finished else node.observed_ns
            if node.lack is None and node.created_ns is not None and end is not None:
                spans.append(Span(node, node.created_ns, end, above))
        return spans

    def lacks(self) -> dict[str, int]:
        """Count the nodes without a span by what they lack."""
        counts: dict[str, int] = defaultdict(int)
        for node in self.nodes:
            if node.lack:
                counts[node.lack] += 1
        return dict(counts)


def read_trace(published: Published, job_id: str, source: str | None = None) -> Trace:
    """Read the tree in which a job stands, be it the root or a step.

    Raises CceEtlError for an id that is not there, or stands in several trees: in several sources while `source`
    names none, or below several roots.
    """
    place = find_place(published, job_id, source)
    sql = Template(_NODES).substitute(source=literal(place.source), root_job_id=literal(place.root_job_id))
    nodes = msgspec.convert(published.records(sql), list[TraceNode])
    return Trace(place.source, place.root_job_id, list(in_order_of_time(nodes)), place.paths)


def in_order_of_time(nodes: list[TraceNode]) -> Iterator[TraceNode]:
    """Yield parents before children and siblings in order of start, those without one last."""
    children: dict[str | None, list[TraceNode]] = defaultdict(list)
    for node in nodes:
        children[node.parent_path].append(node)
    pending = children[None]
    while pending:
        node = pending.pop()
        yield node
        pending += sorted(children[node.path], key=_start, reverse=True)


def _start(node: TraceNode) -> tuple[float, int, str]:
    return (inf if node.created_ns is None else node.created_ns, node.ordinal, node.path)
