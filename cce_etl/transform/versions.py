"""Which of several observations of a job makes its tree. Pure.

Lives here: new or seen before, the latest that can be read, what v2 adds to v3.
Does not: reading and writing payloads (`warehouse/`), ids and failures (`chunk`).
"""

import sys
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final

import msgspec

from cce_etl.errors import PayloadError
from cce_etl.transform.job_rows import flatten
from cce_etl.transform.payload import Decoded, Dialect, JobRow, decode_job, is_terminal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Level 1: 1.1 MB per 1,000 bodies of 5 KB against 2.3 for DuckDB's own compression of text, at little CPU.
_ZSTD_LEVEL: Final = 1
_NEVER: Final = -(2**63)
_AFTER_ALL_HASHES: Final = b"\xff" * 33


class Payload(msgspec.Struct, frozen=True):
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


class Observation(msgspec.Struct, frozen=True):
    """Hold the tree that a job's payloads make; `dialect` is the one it was taken from."""

    rows: list[JobRow]
    dialect: str
    is_terminal: bool


class History:
    """Know what was observed of each job, in time order, a list a job and dialect."""

    def __init__(self, keys: Iterable[PayloadKey]) -> None:
        self._moments: dict[tuple[str, str], list[tuple[int, bytes]]] = {}
        for key in keys:
            insort(self._moments.setdefault((key.job_id, key.dialect), []), _moment(key))

    def job_ids(self) -> set[str]:
        """Return the jobs of which anything was observed."""
        return {job_id for job_id, _ in self._moments}

    def has(self, job_id: str, dialect: str) -> bool:
        """Tell whether a job was observed in a dialect."""
        return (job_id, dialect) in self._moments

    def add(self, payload: Payload) -> bool:
        """Take in a payload; tell whether its content differs from the one observed before it."""
        moments = self._moments.setdefault((payload.job_id, payload.dialect), [])
        moment = _moment(payload)
        place = bisect_right(moments, (moment[0], _AFTER_ALL_HASHES))
        if moment in moments or (place and moments[place - 1][1] == moment[1]):
            return False
        insort(moments, moment)
        return True

    def is_latest(self, payload: Payload) -> bool:
        """Tell whether nothing later was observed of the job in this dialect."""
        return self._moments[payload.job_id, payload.dialect][-1] == _moment(payload)


def _moment(key: Payload | PayloadKey) -> tuple[int, bytes]:
    return (_NEVER if key.fetched_at is None else key.fetched_at, key.body_sha256)


def tree_of(job_id: str, payloads: Sequence[Payload]) -> Observation | None:
    """Return the tree of the latest readable v3 payload, completed by v2; of v2 alone when there is no v3.

    The payloads come latest first.
    """
    v3 = _latest_readable(job_id, payloads, Dialect.V3)
    v2 = _latest_readable(job_id, payloads, Dialect.V2)
    base = v3 or v2
    if base is None:
        return None
    rows = flatten(base.job, job_id)
    if v3 and v2:
        completions = _completions(job_id, payloads)
        rows = [_completed(row, completions.get(row.job_id)) for row in rows]
    return Observation(rows, Dialect.V3 if v3 else Dialect.V2, is_terminal(base.job))


def _completed(row: JobRow, completed_at: int | None) -> JobRow:
    if row.completed_at is not None or completed_at is None:
        return row
    return msgspec.structs.replace(row, completed_at=completed_at)


def _completions(job_id: str, payloads: Iterable[Payload]) -> dict[str, int]:
    """Return when each node completed, by the latest v2 payload that says so."""
    completions: dict[str, int] = {}
    for decoded in _readable(job_id, payloads, Dialect.V2):
        for row in flatten(decoded.job, job_id):
            if row.completed_at is not None:
                completions.setdefault(row.job_id, row.completed_at)
    return completions


def _latest_readable(job_id: str, payloads: Iterable[Payload], dialect: Dialect) -> Decoded | None:
    return next(_readable(job_id, payloads, dialect), None)


def _readable(job_id: str, payloads: Iterable[Payload], dialect: Dialect) -> Iterator[Decoded]:
    for payload in payloads:
        if payload.dialect == dialect:
            with suppress(PayloadError):
                yield decode_for(job_id, payload.body)


def decode_for(job_id: str, body: bytes) -> Decoded:
    """Decode the body that came for an id; raise PayloadError when it is no job, or another one."""
    decoded = decode_job(body)
    uid = decoded.job.uid
    if uid is not None and uid != job_id:
        raise PayloadError("uid_mismatch", f"asked for {job_id}, got the job {uid[:128]!r}", path="metadata.uid")
    return decoded


def latest_time(rows: Iterable[JobRow]) -> int | None:
    """Return the latest time that stands in a tree, in ns since 1970 UTC."""
    times = (time for row in rows for time in (row.created_at, row.updated_at, row.completed_at) if time is not None)
    return max(times, default=None)
