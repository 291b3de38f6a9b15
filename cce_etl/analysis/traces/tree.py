"""One job's tree as a trace: where a job is, the nodes of its tree in order of time, and when each of them ran."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import inf
from string import Template
from typing import Final

import msgspec

from cce_etl.analysis.published import Published
from cce_etl.errors import CceEtlError
from cce_etl.warehouse.quoting import literal

_LOCATIONS: Final = """
    SELECT source, root_job_id, path FROM marts.steps WHERE job_id = $job_id AND $source
    UNION ALL
    SELECT source, job_id, '' FROM marts.root_jobs WHERE job_id = $job_id AND $source
    ORDER BY ALL
"""
_NODES: Final = """
    SELECT
        path, parent_path, depth, ordinal, job_id, parent_job_id, job_type, phase, is_finished, reason, cluster_id,
        resource_id, resource_name, coalesce(extend_param, MAP {}) AS extend_param,
        epoch_ns(created_at) AS created_ns, epoch_ns(ended_at) AS ended_ns, epoch_ns(observed_at) AS observed_ns,
        coalesce(is_on_critical_path, FALSE) AS is_on_critical_path, critical_self_seconds
    FROM marts.steps
    WHERE source = $source AND root_job_id = $root_job_id
    UNION ALL
    SELECT
        '', NULL, 0, 0, job_id, NULL, job_type, phase, is_finished, reason, cluster_id,
        resource_id, resource_name,
        coalesce(
            (
                SELECT jobs.extend_param FROM core.jobs AS jobs
                WHERE jobs.source = $source AND jobs.root_job_id = $root_job_id AND jobs.path = ''
            ),
            MAP {}
        ),
        epoch_ns(created_at), epoch_ns(ended_at), epoch_ns(observed_at),
        critical_self_seconds IS NOT NULL, critical_self_seconds
    FROM marts.root_jobs
    WHERE source = $source AND job_id = $root_job_id
    ORDER BY depth, path
"""


class JobLocation(msgspec.Struct, frozen=True):
    """The tree that holds a job, and the job's paths in it: an id may occur more than once in a tree."""

    source: str
    root_job_id: str
    paths: list[str]


class TraceNode(msgspec.Struct, frozen=True, kw_only=True):
    """One job of a tree; `*_ns` are nanoseconds since 1970 UTC, `parent_path` is None for the root."""

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
    def name(self) -> str:
        """Return the job's type, or that none was sent."""
        return self.job_type or "no type sent"

    @property
    def is_running(self) -> bool:
        """Return whether it had started and not ended when it was last fetched; an unknown phase counts as running."""
        return not self.is_finished and self.phase != "Initializing"

    @property
    def end_ns(self) -> int | None:
        """Return when it ended; of a running node, when it was last fetched."""
        return self.ended_ns if self.is_finished else self.observed_ns

    @property
    def no_span_reason(self) -> str | None:
        """Return why it has no span, None when it has one. A missing time is never replaced by a guess."""
        if not self.is_finished and not self.is_running:
            return "not started"
        if self.created_ns is None:
            return "no start sent"
        if self.end_ns is None:
            return "no end sent"
        return "ends before its start" if self.end_ns < self.created_ns else None

    def facts(self) -> dict[str, str | float | bool]:
        """Return what was sent about it and what was computed, without times and parameters; empty values left out."""
        names = ("job_id", "parent_job_id", "path", "phase", "reason", "cluster_id", "resource_id", "resource_name")
        values = {name: getattr(self, name) for name in (*names, "critical_self_seconds")}
        marks = {"is_running": self.is_running, "is_on_critical_path": self.is_on_critical_path}
        sent = {name: value for name, value in values.items() if value not in (None, "")}
        return sent | {name: True for name, holds in marks.items() if holds}


class Span(msgspec.Struct, frozen=True):
    """When a node ran; `parent_path` is its nearest ancestor that has a span, None when no ancestor has one.

    The span of a running node ends when it was last fetched.
    """

    node: TraceNode
    start_ns: int
    end_ns: int
    parent_path: str | None


class Trace(msgspec.Struct, frozen=True):
    """One tree, parents before children and siblings in order of start; `asked_paths` are those of the id asked for."""

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
            nearest[node.path] = above if node.no_span_reason else node.path
            if node.no_span_reason is None and node.created_ns is not None and node.end_ns is not None:
                spans.append(Span(node, node.created_ns, node.end_ns, above))
        return spans

    def no_span_counts(self) -> dict[str, int]:
        """Return how many nodes have no span, by reason."""
        return dict(Counter(node.no_span_reason for node in self.nodes if node.no_span_reason))


def locate_job(published: Published, job_id: str, source: str | None) -> JobLocation:
    """Return the tree that holds a root job or step; a root job's own tree comes before trees that hold it as a step.

    Raises:
        CceEtlError: the id is unknown, is a step of several jobs, or is in several sources and `source` names none.
    """
    of_source = "TRUE" if source is None else f"source = {literal(source)}"
    found = published.records(Template(_LOCATIONS).substitute(job_id=literal(job_id), source=of_source))
    trees = {(row["source"], row["root_job_id"]) for row in found}
    sources = sorted({name for name, _ in trees})
    if not trees:
        of = "" if source is None else f" of the source {source}"
        raise CceEtlError(f"No job {job_id}{of} is in {published.path}. Was it fetched, and published since?")
    if len(sources) > 1:
        raise CceEtlError(f"Job {job_id} is in several sources: name one of {', '.join(sources)} with --source.")
    roots = sorted(root for _, root in trees)
    if len(roots) > 1 and job_id not in roots:
        raise CceEtlError(f"Job {job_id} is a step of several jobs: ask for one of {', '.join(roots)}.")
    tree = (sources[0], job_id if job_id in roots else roots[0])
    return JobLocation(*tree, [row["path"] for row in found if (row["source"], row["root_job_id"]) == tree])


def read_trace(published: Published, job_id: str, source: str | None = None) -> Trace:
    """Read the tree that holds a root job or step.

    Raises:
        CceEtlError: the id is unknown, is a step of several jobs, or is in several sources and `source` names none.
    """
    location = locate_job(published, job_id, source)
    place = {"source": literal(location.source), "root_job_id": literal(location.root_job_id)}
    nodes = msgspec.convert(published.records(Template(_NODES).substitute(place)), list[TraceNode])
    return Trace(location.source, location.root_job_id, list(in_order_of_time(nodes)), location.paths)


def in_order_of_time(nodes: list[TraceNode]) -> Iterator[TraceNode]:
    """Yield parents before children and siblings in order of start, those without a start last."""
    children: dict[str | None, list[TraceNode]] = defaultdict(list)
    for node in nodes:
        children[node.parent_path].append(node)
    pending = children[None]
    while pending:
        node = pending.pop()
        yield node
        pending += sorted(
            children[node.path],
            key=lambda child: (inf if child.created_ns is None else child.created_ns, child.ordinal, child.path),
            reverse=True,
        )
