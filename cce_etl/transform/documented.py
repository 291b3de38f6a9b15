"""The body of a job as API v3 documents it, decoded straight into its own types.

Lives here: that shape and nothing around it, for speed: it is what nearly every body looks like.
Does not: any other body (`job` reads all of them, this one too, to the same result), rows (`node_columns`).
"""

from typing import Final, Literal

import msgspec

# msgspec takes an optional Raw for null alone, so absent is empty here.
ABSENT: Final = msgspec.Raw(b"")


class Metadata(
    msgspec.Struct,
    frozen=True,
    gc=False,
    forbid_unknown_fields=True,
    rename={"created_text": "creationTimestamp", "updated_text": "updateTimestamp"},
):
    """Hold what names a job and its two clocks."""

    uid: str | None = None
    created_text: str | None = None
    updated_text: str | None = None


class Spec(
    msgspec.Struct,
    frozen=True,
    gc=False,
    forbid_unknown_fields=True,
    rename={
        "job_type": "type",
        "cluster_id": "clusterUID",
        "resource_id": "resourceID",
        "resource_name": "resourceName",
        "extend_param": "extendParam",
        "sub_jobs": "subJobs",
    },
):
    """Hold what a job does, and its sub-jobs; `extend_param` are the bytes sent, see `decode_parameters`."""

    job_type: str | None = None
    cluster_id: str | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    extend_param: msgspec.Raw = ABSENT
    sub_jobs: "list[DocumentedJob] | None" = None


class Status(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Hold where a job stands."""

    phase: str | None = None
    reason: str | None = None


class DocumentedJob(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename={"api_version": "apiVersion"}
):
    """Hold one node; what is absent and what is null mean the same, here as in every dialect."""

    kind: Literal["Job"] | None = None
    api_version: Literal["v3"] | None = None
    metadata: Metadata | None = None
    spec: Spec | None = None
    status: Status | None = None


_DECODER: Final = msgspec.json.Decoder(DocumentedJob)

_PARAMETERS_DECODER: Final = msgspec.json.Decoder(dict[str, str] | None)


def decode_documented(body: bytes) -> DocumentedJob | None:
    """Decode a body of the documented shape; None for any other, be it a job or not."""
    try:
        root = _DECODER.decode(body)
        if not body.isascii():
            body.decode()  # of an extendParam that stands twice, nobody looks at the text of the first
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if root.metadata is None and root.spec is None and root.status is None:
        return None
    return root


def decode_parameters(text: bytes) -> dict[str, str] | None:
    """Decode an extendParam of texts, empty when it is absent or null; None for one that holds anything else."""
    try:
        return (_PARAMETERS_DECODER.decode(text) or {}) if text else {}
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
