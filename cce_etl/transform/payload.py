"""The body of one job, decoded and translated to the form that API v3 documents.

It knows both dialects of the API, keeps what it does not know, and names the place of what it cannot use.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from cce_etl.errors import PayloadError

# The decoder recurses three times a level (job, spec, subJobs), and CPython 3.11 allows 1,000 recursions in all.
MAX_LEVELS: Final = 250
MAX_NODES: Final = 100_000  # 32 MiB can hold 11 million; the widest trees seen have some hundreds

# Raw keeps a fraction as it was written, so that an extendParam value survives as its own text, even 1e999999999.
_DECODER: Final = msgspec.json.Decoder(float_hook=msgspec.Raw)
_ENCODER: Final = msgspec.json.Encoder()
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_V2_SPEC_KEYS: Final = ("clusteruid", "resourceid", "resourcename", "extendparam", "subjobs")
_TYPE_NAMES: Final = {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}
_Value = TypeVar("_Value", str, list[Any], dict[str, Any])


class Phase(StrEnum):
    """The phases of a job that the API documents."""

    INITIALIZING = "Initializing"
    RUNNING = "Running"
    SUCCESS = "Success"
    FAILED = "Failed"


TERMINAL_PHASES: Final = frozenset({Phase.SUCCESS, Phase.FAILED})
_PHASES: Final = {phase.value.lower(): phase for phase in Phase}


@lru_cache(maxsize=256)
def canonical_phase(text: str | None) -> Phase | None:
    """Return the phase that a text means, in any case and with or without the constant's prefix `JobPhase`."""
    return _PHASES.get((text or "").strip().lower().removeprefix("jobphase"))


class Dialect(StrEnum):
    """The API version whose keys a body uses."""

    V2 = "v2"
    V3 = "v3"


def decode_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object of one job's body, as it was sent.

    Raises:
        PayloadError: The bytes are no JSON object, name another kind than Job, hold none of metadata, spec and
            status, or are nested deeper than the decoder goes.
    """
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if not text:
        raise PayloadError("empty_body", "expected a JSON object, got an empty body")
    try:
        document = _DECODER.decode(text)
    except RecursionError:
        raise too_deep() from None
    except (msgspec.DecodeError, ValueError) as error:
        raise PayloadError("invalid_json", f"expected JSON: {error}") from None
    if not isinstance(document, dict):
        raise PayloadError("not_an_object", f"expected a JSON object, got {_type_name(document)}")
    kind = document.get("kind")
    if isinstance(kind, str) and kind and kind.lower() != "job":
        raise PayloadError("wrong_kind", f"expected a Job, got a {kind[:40]}", path="kind")
    if document.get("metadata") is document.get("spec") is document.get("status") is None:
        raise PayloadError("no_content", "expected at least one of metadata, spec and status")
    return document


def too_deep() -> PayloadError:
    """Return the error for a tree of more than MAX_LEVELS levels."""
    return PayloadError("too_deep", f"nested deeper than {MAX_LEVELS} levels of jobs")


def dialect_of(document: dict[str, Any]) -> Dialect:
    """Return the dialect that the keys of a root job belong to."""
    spec, status = document.get("spec"), document.get("status")
    if isinstance(spec, dict) and any(key in spec for key in _V2_SPEC_KEYS):
        return Dialect.V2
    if isinstance(status, dict) and "phase" not in status and ("status" in status or "completionTime" in status):
        return Dialect.V2
    return Dialect.V2 if document.get("apiVersion") == "v2" else Dialect.V3


class TranslatedJob(msgspec.Struct, frozen=True):
    """One job in the form that v3 documents, and what that form has no place for.

    `completion_text` is the clock that only v2 has, `extra` holds the keys that neither dialect has.
    """

    document: dict[str, dict[str, Any]]
    completion_text: str | None
    extra: dict[str, Any]


def translate_job(document: object, where: str) -> TranslatedJob:
    """Return one job of either dialect in the documented form; its sub-jobs stay as they were sent.

    Args:
        document: The decoded job.
        where: Its place in the body, as `spec.subJobs[1]`, empty for the root.

    Raises:
        PayloadError: A known key has a value of another type, or a value is nested too deep to be kept.
    """
    if not isinstance(document, dict):
        raise _wrong_type("an object", document, where)
    prefix = f"{where}." if where else ""
    rest = dict(document)
    metadata = dict(_take(rest, dict, prefix, "metadata") or {})
    spec = dict(_take(rest, dict, prefix, "spec") or {})
    status = dict(_take(rest, dict, prefix, "status") or {})
    in_metadata, in_spec, in_status = f"{prefix}metadata.", f"{prefix}spec.", f"{prefix}status."
    translated: dict[str, dict[str, Any]] = {
        "metadata": {
            "uid": _take(metadata, str, in_metadata, "uid") or None,
            "creationTimestamp": _take(metadata, str, in_metadata, "creationTimestamp", "creationtimestamp"),
            "updateTimestamp": _take(metadata, str, in_metadata, "updateTimestamp", "updatetimestamp"),
        },
        "spec": {
            "type": _take(spec, str, in_spec, "type"),
            "clusterUID": _take(spec, str, in_spec, "clusterUID", "clusteruid"),
            "resourceID": _take(spec, str, in_spec, "resourceID", "resourceid"),
            "resourceName": _take(spec, str, in_spec, "resourceName", "resourcename"),
            "extendParam": {
                name: value if isinstance(value, str) else json_text(value, f"{in_spec}extendParam.{name}")
                for name, value in (_take(spec, dict, in_spec, "extendParam", "extendparam") or {}).items()
            },
            "subJobs": _take(spec, list, in_spec, "subJobs", "subjobs") or [],
        },
        "status": {
            "phase": _take(status, str, in_status, "phase", "status"),
            "reason": _take(status, str, in_status, "reason"),
        },
    }
    completion_text = _take(status, str, in_status, "completionTime", "completiontime")
    for key, usual in (("kind", ("Job", None)), ("apiVersion", ("v3", "v2", None))):
        if rest.get(key) in usual:
            rest.pop(key, None)
    unknown = {"metadata": metadata, "spec": spec, "status": status}
    extra = rest | {section: values for section, values in unknown.items() if values}
    return TranslatedJob(translated, completion_text, extra)


def json_text(value: object, where: str) -> str:
    """Return a decoded JSON value as JSON text again, fractions as they were written.

    Raises PayloadError, which names the place `where`, when the value is nested too deep to be written.
    """
    try:
        return _ENCODER.encode(value).decode()
    except RecursionError:
        raise PayloadError("too_deep", "nested too deep to be kept", path=where) from None


def _take(section: dict[str, Any], kind: type[_Value], prefix: str, *keys: str) -> _Value | None:
    """Remove and return the first of the keys that is not null; later keys stay, to be kept as unknown ones."""
    for key in keys:
        value = section.pop(key, None)
        if value is not None:
            if not isinstance(value, kind):
                raise _wrong_type(_TYPE_NAMES[kind], value, prefix + key)
            return value
    return None


def _wrong_type(expected: str, value: object, where: str) -> PayloadError:
    return PayloadError("wrong_type", f"expected {expected}, got {_type_name(value)}", path=where)


def _type_name(value: object) -> str:
    return "null" if value is None else _TYPE_NAMES.get(type(value), "a number")
