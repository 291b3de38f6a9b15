"""The one walk from a job's body to rows of core.jobs, a row for each job of the tree, as Arrow columns."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from cce_etl.errors import PayloadError
from cce_etl.timestamps import timestamp_or_none
from cce_etl.transform import payload as limits
from cce_etl.transform.payload import (
    TERMINAL_PHASES,
    Dialect,
    canonical_phase,
    decode_body,
    dialect_of,
    json_text,
    too_deep,
    translate_job,
)
from cce_etl.transform.timestamp_columns import parse_timestamps, planned_times

_JOB_KEYS: Final = frozenset({"kind", "apiVersion", "metadata", "spec", "status"})
_METADATA_KEYS: Final = frozenset({"uid", "creationTimestamp", "updateTimestamp"})
_SPEC_KEYS: Final = frozenset({"type", "clusterUID", "resourceID", "resourceName", "extendParam", "subJobs"})
_STATUS_KEYS: Final = frozenset({"phase", "reason"})
_TEXT: Final = frozenset({str})
_TEXT_OR_NULL: Final = frozenset({str, type(None)})
_NOTHING: Final[dict[str, Any]] = {}
_NO_SUB_JOBS: Final[list[Any]] = []
_NO_TIME: Final = -(2**63)
_TIMESTAMP: Final = pa.timestamp("ns")


class JobRow(msgspec.Struct, frozen=True):
    """A row of core.jobs, without the columns that its tree shares (source, observed_at).

    The fields are in the order of the columns; `*_at` is in nanoseconds since 1970-01-01 UTC.
    """

    job_id: str
    parent_job_id: str | None
    root_job_id: str
    path: str
    depth: int
    ordinal: int
    job_type: str | None
    cluster_id: str | None
    resource_id: str | None
    resource_name: str | None
    phase: str | None
    canonical_phase: str | None
    reason: str | None
    planned_at: int | None
    created_at: int | None
    updated_at: int | None
    completed_at: int | None
    created_text: str | None
    updated_text: str | None
    extend_param: dict[str, str]
    extra: str | None
    is_leaf: bool
    has_uid: bool


_TYPES: Final[dict[str, pa.DataType]] = {
    "depth": pa.int32(),
    "ordinal": pa.int32(),
    "planned_at": _TIMESTAMP,
    "created_at": _TIMESTAMP,
    "updated_at": _TIMESTAMP,
    "completed_at": _TIMESTAMP,
    # A dictionary, because DuckDB looks at every map for a key that stands twice, which costs more than all other
    # columns. Steps of one job have the same parameters, so there are a third of the maps to look at, or fewer.
    "extend_param": pa.dictionary(pa.int32(), pa.map_(pa.string(), pa.string())),
    "is_leaf": pa.bool_(),
    "has_uid": pa.bool_(),
}
SCHEMA: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in JobRow.__struct_fields__])


# gc=False: structs of which a batch makes thousands hold no cycles, so the garbage collector need not visit them.
class JobNode(msgspec.Struct, frozen=True, gc=False):
    """One job of a tree as it was sent, with its place in the tree; `extra` is JSON text of the unknown keys."""

    uid: str | None
    created_text: str | None
    updated_text: str | None
    job_type: str | None
    cluster_id: str | None
    resource_id: str | None
    resource_name: str | None
    phase: str | None
    reason: str | None
    extend_param: dict[str, str]
    completed_at: int | None
    extra: str | None
    job_id: str
    parent_job_id: str | None
    path: str
    depth: int
    ordinal: int
    is_leaf: bool


_Texts = tuple[
    str | None, str | None, str | None, str | None, str | None, str | None, str | None, str | None, str | None
]
_Fields = tuple[_Texts, dict[str, str], list[Any], int | None, str | None]


class ParsedPayload(msgspec.Struct, frozen=True, gc=False):
    """The tree of jobs that a body holds: depth first, in the order of the API, parents before their sub-jobs."""

    job_id: str
    dialect: Dialect
    is_terminal: bool  # by the root's phase alone, since a failed tree may hold planned steps
    nodes: tuple[JobNode, ...]


def parse_payload(body: bytes, job_id: str | None = None) -> ParsedPayload:
    """Return the tree of jobs in a body.

    Args:
        body: The exact bytes that the API sent, in either dialect.
        job_id: The id that was asked for; without it the body has to say its own.

    Raises:
        PayloadError: The body is no job, another job than the one asked for, or larger than the limits.
    """
    document = decode_body(body)
    dialect = dialect_of(document)
    nodes = _walk(document, job_id)
    uid = nodes[0].uid
    if job_id is None and uid is None:
        raise PayloadError("missing_uid", "expected a job's id, which alone names it in a file", path="metadata.uid")
    if job_id is not None and uid is not None and uid != job_id:
        raise PayloadError("uid_mismatch", f"asked for {job_id}, got the job {uid[:128]!r}", path="metadata.uid")
    is_terminal = canonical_phase(nodes[0].phase) in TERMINAL_PHASES
    return ParsedPayload(nodes[0].job_id, dialect, is_terminal, tuple(nodes))


def _walk(root: dict[str, Any], root_job_id: str | None) -> list[JobNode]:
    """Return the jobs of a tree; one without a uid gets the id `<root_job_id>/<path>`, the same in every load."""
    nodes: list[JobNode] = []
    pending: list[tuple[Any, str | None, str, int, int]] = [(root, None, "", 0, 0)]
    while pending:
        document, parent_job_id, path, depth, ordinal = pending.pop()
        texts, parameters, sub_jobs, completed_at, extra = _fields(document, path)
        if parent_job_id is None:
            job_id = root_job_id = root_job_id or texts[0] or ""
        else:
            job_id = texts[0] or f"{root_job_id}/{path}"
        place = job_id, parent_job_id, path, depth, ordinal, not sub_jobs
        nodes.append(JobNode(*texts, parameters, completed_at, extra, *place))
        if sub_jobs:
            depth += 1
            if depth >= limits.MAX_LEVELS:
                raise too_deep()
            if len(nodes) + len(pending) + len(sub_jobs) > limits.MAX_NODES:
                raise PayloadError("too_many_nodes", f"expected at most {limits.MAX_NODES:,} jobs in a tree")
            prefix = f"{path}/" if path else ""
            pending += [
                (sub_jobs[number], job_id, f"{prefix}{number}", depth, number)
                for number in range(len(sub_jobs) - 1, -1, -1)
            ]
    return nodes


def _fields(document: Any, path: str) -> _Fields:
    """Return what one job says: its texts in the order of JobNode, extendParam, sub-jobs, completion time, extra."""
    try:
        metadata = document.get("metadata", _NOTHING)
        spec = document.get("spec", _NOTHING)
        status = document.get("status", _NOTHING)
        has_only_known_keys = (
            document.keys() <= _JOB_KEYS
            and metadata.keys() <= _METADATA_KEYS
            and spec.keys() <= _SPEC_KEYS
            and status.keys() <= _STATUS_KEYS
            and document.get("kind", "Job") == "Job"
            and document.get("apiVersion", "v3") == "v3"
        )
    except AttributeError:  # one of them is no object
        has_only_known_keys = False
    if has_only_known_keys:
        texts = (
            metadata.get("uid"),
            metadata.get("creationTimestamp"),
            metadata.get("updateTimestamp"),
            spec.get("type"),
            spec.get("clusterUID"),
            spec.get("resourceID"),
            spec.get("resourceName"),
            status.get("phase"),
            status.get("reason"),
        )
        parameters = spec.get("extendParam", _NOTHING)
        sub_jobs = spec.get("subJobs", _NO_SUB_JOBS)
        if (
            texts[0] != ""
            and _TEXT_OR_NULL.issuperset(map(type, texts))
            and type(parameters) is dict
            and _TEXT.issuperset(map(type, parameters.values()))
            and type(sub_jobs) is list
        ):
            return texts, parameters, sub_jobs, None, None
    where = ".".join(f"spec.subJobs[{number}]" for number in path.split("/")) if path else ""
    job = translate_job(document, where)
    texts, parameters, sub_jobs, _, _ = _fields(job.document, path)
    completed_at, extra = timestamp_or_none(job.completion_text), job.extra
    if job.completion_text and completed_at is None:  # the other two clocks keep their text in columns of their own
        extra = extra | {"status": extra.get("status", {}) | {"completionTime": job.completion_text}}
    return texts, parameters, sub_jobs, completed_at, json_text(extra, where) if extra else None


def flatten(payloads: Sequence[ParsedPayload]) -> pa.Table:
    """Return the jobs of some trees in the columns of core.jobs that a tree fills, a row a job."""
    nodes = [node for payload in payloads for node in payload.nodes]
    parameters = _parameter_maps([node.extend_param for node in nodes])
    # Clocks are parsed as one array, since each call costs as much as some hundred texts.
    clocks = pa.array([node.created_text for node in nodes] + [node.updated_text for node in nodes], pa.string())
    instants = parse_timestamps(clocks)
    uids = pa.array([node.uid for node in nodes], pa.string())
    phases = pa.array([node.phase for node in nodes], pa.string())
    distinct_phases = phases.dictionary_encode()
    canonical_phases = [canonical_phase(phase) for phase in distinct_phases.dictionary.to_pylist()]
    columns: dict[str, Any] = {
        "job_id": [node.job_id for node in nodes],
        "parent_job_id": [node.parent_job_id for node in nodes],
        "root_job_id": [payload.job_id for payload in payloads for _ in payload.nodes],
        "path": [node.path for node in nodes],
        "depth": [node.depth for node in nodes],
        "ordinal": [node.ordinal for node in nodes],
        "job_type": [node.job_type for node in nodes],
        "cluster_id": [node.cluster_id for node in nodes],
        "resource_id": [node.resource_id for node in nodes],
        "resource_name": [node.resource_name for node in nodes],
        "phase": phases,
        "canonical_phase": pa.array(canonical_phases, pa.string()).take(distinct_phases.indices),
        "reason": [node.reason for node in nodes],
        "planned_at": planned_times(uids),
        "created_at": instants[: len(nodes)],
        "updated_at": instants[len(nodes) :],
        "completed_at": [node.completed_at for node in nodes],
        "created_text": clocks[: len(nodes)],
        "updated_text": clocks[len(nodes) :],
        "extend_param": parameters,
        "extra": [node.extra for node in nodes],
        "is_leaf": [node.is_leaf for node in nodes],
        "has_uid": uids.is_valid(),
    }
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, type_)
        for column, type_ in zip(columns.values(), SCHEMA.types, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _parameter_maps(parameters: Sequence[dict[str, str]]) -> pa.DictionaryArray:
    code_of: dict[tuple[str, ...], int] = {}  # by the keys and then the values of a map
    codes = [code_of.setdefault((*one, *one.values()), len(code_of)) for one in parameters]
    keys = chain.from_iterable(texts[: len(texts) // 2] for texts in code_of)
    values = chain.from_iterable(texts[len(texts) // 2 :] for texts in code_of)
    ends = np.cumsum([0, *(len(texts) // 2 for texts in code_of)])
    maps = pa.MapArray.from_arrays(
        pa.array(ends, pa.int32()), pa.array(list(keys), pa.string()), pa.array(list(values), pa.string())
    )
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), maps)


def latest_times(payloads: Sequence[ParsedPayload], rows: pa.Table) -> list[int | None]:
    """Return the latest time in each of the trees, in ns since 1970 UTC; `rows` is what `flatten` makes of them."""
    if not payloads:
        return []
    columns = [rows[name].cast(pa.int64()).fill_null(_NO_TIME) for name in ("created_at", "updated_at", "completed_at")]
    times = np.max([column.to_numpy() for column in columns], axis=0)
    starts = np.cumsum([0, *(len(payload.nodes) for payload in payloads[:-1])])
    return [None if time == _NO_TIME else time for time in np.maximum.reduceat(times, starts).tolist()]


def job_rows(payload: ParsedPayload) -> list[JobRow]:
    """Return the jobs of one tree as rows, parents before their sub-jobs, in the order of the API."""
    rows = flatten([payload])
    for index, field in enumerate(SCHEMA):
        if field.type == _TIMESTAMP:
            rows = rows.set_column(index, field.name, rows[field.name].cast(pa.int64()))
    return [JobRow(**row | {"extend_param": dict(row["extend_param"])}) for row in rows.to_pylist()]
