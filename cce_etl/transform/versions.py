"""The versions of a job's body that were seen over time: which of them is new, and which make the job's tree."""

import sys
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final

import msgspec

from cce_etl.errors import PayloadError
from cce_etl.transform.flatten import ParsedPayload, parse_payload
from cce_etl.transform.payload import Dialect

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Level 1: 1.1 MB per 1,000 bodies of 5 KB against 2.3 for DuckDB's own compression of text, at little CPU.
_ZSTD_LEVEL: Final = 1
_BEFORE_ALL_TIMES: Final = -(2**63)
_AFTER_ALL_HASHES: Final = b"\xff" * 33


class Payload(msgspec.Struct, frozen=True, gc=False):
    """The exact bytes of one response body, compressed; `fetched_at` in ns since 1970 UTC, None when not known."""

    job_id: str
    dialect: str
    fetched_at: int | None
    compressed_body: bytes
    body_bytes: int
    body_sha256: bytes

    @property
    def body(self) -> bytes:
        """Return the exact bytes."""
        return zstd.decompress(self.compressed_body)


class PayloadKey(msgspec.Struct, frozen=True):
    """The columns that name a stored payload."""

    job_id: str
    dialect: str
    fetched_at: int | None
    body_sha256: bytes


class PayloadCompressor:
    """A compressor of bodies; it is kept, because to set one up costs as much as to compress a body."""

    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(_ZSTD_LEVEL)

    def payload(self, job_id: str, dialect: str, fetched_at: int | None, body: bytes) -> Payload:
        """Return the payload of a body."""
        compressed = self._compressor.compress(body, self._compressor.FLUSH_FRAME)
        return Payload(job_id, dialect, fetched_at, compressed, len(body), sha256(body).digest())


class PayloadVersions:
    """The versions known of each job and dialect, in the order of time."""

    def __init__(self, keys: Iterable[PayloadKey]) -> None:
        self._versions: dict[tuple[str, str], list[tuple[int, bytes]]] = {}
        for key in keys:
            insort(self._versions.setdefault((key.job_id, key.dialect), []), _version(key))

    def job_ids(self, dialect: Dialect | None = None) -> set[str]:
        """Return the jobs of which a version is known, in one dialect or in any."""
        return {job_id for job_id, known in self._versions if dialect in (None, known)}

    def add(self, payloads: Sequence[Payload]) -> list[int]:
        """Add payloads in the order of time; return the indexes of the new ones.

        A payload is new when its content differs from the version before it.
        """
        new = []
        for index in sorted(range(len(payloads)), key=[payload.fetched_at or 0 for payload in payloads].__getitem__):
            payload = payloads[index]
            versions = self._versions.setdefault((payload.job_id, payload.dialect), [])
            version = _version(payload)
            position = bisect_right(versions, (version[0], _AFTER_ALL_HASHES))
            if version not in versions and not (position and versions[position - 1][1] == version[1]):
                insort(versions, version)
                new.append(index)
        return new

    def makes_tree_alone(self, payload: Payload) -> bool:
        """Tell whether a job's tree is this payload's: no later version is known, and none in v2."""
        key = payload.job_id, payload.dialect
        return (payload.job_id, Dialect.V2) not in self._versions and self._versions[key][-1] == _version(payload)


def _version(key: Payload | PayloadKey) -> tuple[int, bytes]:
    return (_BEFORE_ALL_TIMES if key.fetched_at is None else key.fetched_at, key.body_sha256)


def tree_of(job_id: str, payloads: Sequence[Payload]) -> ParsedPayload | None:
    """Return the tree that a job's payloads make together; None when none of them can be read.

    It is the tree of the latest readable v3 payload, with completion times from v2; the latest readable v2 payload
    makes the tree only where there is no v3. The payloads come latest first.
    """
    v3 = next(_readable(job_id, payloads, Dialect.V3), None)
    if v3 is None:
        return next(_readable(job_id, payloads, Dialect.V2), None)
    if not any(payload.dialect == Dialect.V2 for payload in payloads):
        return v3
    completions: dict[str, int] = {}  # by the latest v2 payload that has one
    for v2 in _readable(job_id, payloads, Dialect.V2):
        for node in v2.nodes:
            if node.completed_at is not None:
                completions.setdefault(node.job_id, node.completed_at)
    nodes = [
        msgspec.structs.replace(node, completed_at=completions[node.job_id])
        if node.completed_at is None and node.job_id in completions
        else node
        for node in v3.nodes
    ]
    return msgspec.structs.replace(v3, dialect=Dialect.V3, nodes=nodes)


def _readable(job_id: str, payloads: Iterable[Payload], dialect: Dialect) -> Iterator[ParsedPayload]:
    """Yield the trees of the payloads of one dialect, without those that cannot be read.

    The dialect is the one that the payload was stored with.
    """
    for payload in payloads:
        if payload.dialect == dialect:
            with suppress(PayloadError):
                yield parse_payload(payload.body, job_id)
