"""A CCE job as this project knows it, decoded from either dialect of the API.

Lives here: Phase, Job (a tree), JobRow (one node as a row of core.jobs), bytes to Job.
Does not: clocks (`timestamps`), where bytes come from (`extract/`), where rows go (`warehouse/`).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from json import JSONDecoder, decoder, scanner
from threading import RLock
from typing import Any, Final, TypeVar

import msgspec

from cce_etl.errors import PayloadError

MAX_LEVELS: Final = 1_000
MAX_NODES: Final = 100_000  # 32 MiB can hold 11 million; the widest trees seen have some hundreds
# A decoder recurses three levels a job (job, spec, subJobs), a pure Python one two frames a level; the rest is slack.
_DEEP_RECURSION_LIMIT: Final = 7 * MAX_LEVELS

# Raw keeps a fraction as it was written, so that an extendParam value survives as its own text, 1e999999999 too.
_DECODER: Final = msgspec.json.Decoder(float_hook=msgspec.Raw)
_ENCODER: Final = msgspec.json.Encoder()
# The limit is the whole process's: a thread that put it back would cut short another's deep body.
_ONE_AT_A_TIME: Final = RLock()
_KIND_NAMES: Final = {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}
_Kind = TypeVar("_Kind", str, list[Any], dict[str, Any])


class Phase(StrEnum):
    """Name where a job stands; the last two are final."""

    INITIALIZING = "Initializing"
    RUNNING = "Running"
    SUCCESS = "Success"
    FAILED = "Failed"

    @property
    def is_terminal(self) -> bool:
        """Tell whether a job in this phase changes no more."""
        return self in (Phase.SUCCESS, Phase.FAILED)


class Dialect(StrEnum):
    """Name the API version whose keys a body uses."""

    V2 = "v2"
    V3 = "v3"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one node as sent: text is kept verbatim, keys unknown to us are in `extra`, order is the array's."""

    uid: str | None
    job_type: str | None
    cluster_id: str | None
    resource_id: str | None
    resource_name: str | None
    phase: str | None
    reason: str | None
    created_text: str | None
    updated_text: str | None
    completed_text: str | None
    extend_param: dict[str, str]
    extra: dict[str, Any]
    sub_jobs: list["Job"]


class JobRow(msgspec.Struct, frozen=True):
    """Hold one node as a row of core.jobs, less what its tree shares (source, observed_at).

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


class Decoded(msgspec.Struct, frozen=True):
    """Hold a decoded body and the dialect it was written in."""

    dialect: Dialect
    job: Job


def canonical_phase(text: str | None) -> Phase | None:
    """Return the phase that a text means, whatever its case and with or without the constant's prefix `JobPhase`."""
    return _PHASES.get((text or "").strip().lower().removeprefix("jobphase"))


_PHASES: Final = {phase.value.lower(): phase for phase in Phase}


def is_terminal(job: Job) -> bool:
    """Tell whether a tree will change no more; the root's phase alone decides, a failed tree may hold planned steps."""
    return canonical_phase(job.phase) in (Phase.SUCCESS, Phase.FAILED)


def json_text(value: object) -> str:
    """Return a decoded JSON value as JSON text again, fractions as they were written."""
    # What `decode_job` let through can be written; the slack is for a caller deeper in the stack than it was.
    with deep_recursion():
        return _ENCODER.encode(value).decode()


def decode_job(body: bytes) -> Decoded:
    """Decode the body of one job, in the dialect it is written in.

    Raises PayloadError for bytes that are no JSON object, for a known key of a wrong type, for a body with none of
    metadata, spec and status, and for a tree of more than MAX_LEVELS levels.
    Source: API pages ShowJob (v3) and ShowJobV2/ListJobs (v2).
    """
    document = _decode_json(body)
    if not isinstance(document, dict):
        raise PayloadError("not_an_object", f"expected a JSON object, got {_kind_of(document)}")
    kind = document.get("kind")
    if isinstance(kind, str) and kind and kind.lower() != "job":
        raise PayloadError("wrong_kind", f"expected a Job, got a {kind[:40]}", path="kind")
    if not any(document.get(section) is not None for section in ("metadata", "spec", "status")):
        raise PayloadError("no_content", "expected at least one of metadata, spec and status")
    return Decoded(_dialect_of(document), _tree(document))


def _decode_json(body: bytes) -> Any:
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise PayloadError("empty_body", "expected a JSON object, got an empty body")
    try:
        return _decode_at_any_depth(text)
    except RecursionError:
        raise PayloadError("too_deep", f"nested deeper than {MAX_LEVELS} levels of jobs") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise PayloadError("invalid_json", f"expected JSON: {error}") from None


def _decode_at_any_depth(text: bytes) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError:
        pass
    with deep_recursion():
        try:
            return _DECODER.decode(text)
        except RecursionError:
            # CPython 3.12 fixes the depth of C code at build time, below 1,000 jobs; its Python frames obey the limit.
            return _python_decoder().decode(text.decode())


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let the decoders inside the block go as deep as a tree of MAX_LEVELS levels needs."""
    with _ONE_AT_A_TIME:
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(max(usual, _DEEP_RECURSION_LIMIT))
        try:
            yield
        finally:
            sys.setrecursionlimit(usual)


def _python_decoder() -> JSONDecoder:
    pure: Any = JSONDecoder(parse_float=msgspec.Raw)
    pure.parse_object = decoder.JSONObject  # type: ignore[attr-defined]
    pure.parse_array = decoder.JSONArray  # type: ignore[attr-defined]
    pure.parse_string = decoder.py_scanstring  # type: ignore[attr-defined]
    pure.scan_once = scanner.py_make_scanner(pure)  # type: ignore[attr-defined]
    return pure  # type: ignore[no-any-return]


def _dialect_of(document: dict[str, Any]) -> Dialect:
    spec, status = document.get("spec"), document.get("status")
    lower_keys = ("clusteruid", "resourceid", "resourcename", "extendparam", "subjobs")
    if isinstance(spec, dict) and any(key in spec for key in lower_keys):
        return Dialect.V2
    if isinstance(status, dict) and "phase" not in status and ("status" in status or "completionTime" in status):
        return Dialect.V2
    return Dialect.V2 if document.get("apiVersion") == "v2" else Dialect.V3


def _tree(document: dict[str, Any]) -> Job:
    root, children = _node(document, "")
    pending, count = [(root, children, "", 1)], 1
    while pending:
        parent, sub_documents, where, level = pending.pop()
        count += len(sub_documents)
        if count > MAX_NODES:
            raise PayloadError("too_many_nodes", f"expected at most {MAX_NODES:,} jobs in a tree")
        if sub_documents and level >= MAX_LEVELS:
            raise PayloadError("too_deep", f"nested deeper than {MAX_LEVELS} levels of jobs")
        for ordinal, sub_document in enumerate(sub_documents):
            path = f"{where}spec.subJobs[{ordinal}]"
            if not isinstance(sub_document, dict):
                raise _wrong_type("an object", sub_document, path)
            job, grandchildren = _node(sub_document, path + ".")
            parent.sub_jobs.append(job)
            if grandchildren:
                pending.append((job, grandchildren, path + ".", level + 1))
    return root


def _node(document: dict[str, Any], where: str) -> tuple[Job, list[Any]]:
    rest = dict(document)
    metadata = _section(rest, "metadata", where)
    spec = _section(rest, "spec", where)
    status = _section(rest, "status", where)
    at_metadata, at_spec, at_status = f"{where}metadata.", f"{where}spec.", f"{where}status."
    sub_documents = _take(spec, ("subJobs", "subjobs"), list, at_spec) or []
    job = Job(
        uid=_text(metadata, ("uid",), at_metadata) or None,
        created_text=_text(metadata, ("creationTimestamp", "creationtimestamp"), at_metadata),
        updated_text=_text(metadata, ("updateTimestamp", "updatetimestamp"), at_metadata),
        job_type=_text(spec, ("type",), at_spec),
        cluster_id=_text(spec, ("clusterUID", "clusteruid"), at_spec),
        resource_id=_text(spec, ("resourceID", "resourceid"), at_spec),
        resource_name=_text(spec, ("resourceName", "resourcename"), at_spec),
        extend_param=_parameters(spec, ("extendParam", "extendparam"), at_spec),
        phase=_text(status, ("phase", "status"), at_status),
        reason=_text(status, ("reason",), at_status),
        completed_text=_text(status, ("completionTime", "completiontime"), at_status),
        extra=_extra(rest, where, metadata=metadata, spec=spec, status=status),
        sub_jobs=[],
    )
    return job, sub_documents


def _section(document: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    return dict(_take(document, (key,), dict, where) or {})


def _text(section: dict[str, Any], keys: tuple[str, ...], where: str) -> str | None:
    return _take(section, keys, str, where)


def _parameters(section: dict[str, Any], keys: tuple[str, ...], where: str) -> dict[str, str]:
    parameters = _take(section, keys, dict, where) or {}
    place = f"{where}{keys[0]}."
    return {
        name: item if isinstance(item, str) else _checked_text(item, place + name) for name, item in parameters.items()
    }


def _take(section: dict[str, Any], keys: tuple[str, ...], kind: type[_Kind], where: str) -> _Kind | None:
    """Take the first key that says something; what only the other dialect would call so stays behind for `extra`."""
    for key in keys:
        value = section.pop(key, None)
        if value is not None:
            if not isinstance(value, kind):
                raise _wrong_type(_KIND_NAMES[kind], value, where + key)
            return value
    return None


def _extra(document: dict[str, Any], where: str, **sections: dict[str, Any]) -> dict[str, Any]:
    for key, usual in (("kind", ("Job", None)), ("apiVersion", ("v3", "v2", None))):
        if document.get(key) in usual:
            document.pop(key, None)
    extra = document | {name: section for name, section in sections.items() if section}
    if extra:
        _checked_text(extra, where.removesuffix("."))
    return extra


def _checked_text(value: object, path: str) -> str:
    try:
        return _ENCODER.encode(value).decode()
    except RecursionError:
        raise PayloadError("too_deep", "nested too deep to be kept", path=path) from None


def _wrong_type(expected: str, value: object, path: str) -> PayloadError:
    return PayloadError("wrong_type", f"expected {expected}, got {_kind_of(value)}", path=path)


def _kind_of(value: object) -> str:
    return "null" if value is None else _KIND_NAMES.get(type(value), "a number")
