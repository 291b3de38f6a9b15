"""Job payloads saved earlier: JSON or NDJSON files, plain, gzip or zstd, one job or many.

Lives here: cutting a file into the exact bytes of its records, and when each was fetched, if it says so.
Does not: decoding a job (`job`), keeping it (`warehouse/`).
"""

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Final, TypeVar, cast

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.timestamps import parse_timestamp
from cce_etl.transform.payload import deep_recursion

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_LONGEST_NAME_BYTES: Final = 255
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ABSENT: Final = msgspec.Raw(b"")
_Kind = TypeVar("_Kind")
_Item = TypeVar("_Item")


class SavedRecord(msgspec.Struct, frozen=True):
    """Hold one record's bytes as they stand in the file, `where`, and when it was fetched (ns, UTC) if known."""

    body: bytes
    where: str
    fetched_at: int | None


class _Envelope(msgspec.Struct):
    # msgspec takes an optional Raw for null alone, so absent is empty here.
    fetched_at: str | None = None
    payload: msgspec.Raw = _ABSENT
    metadata: msgspec.Raw = _ABSENT
    spec: msgspec.Raw = _ABSENT
    status: msgspec.Raw = _ABSENT


def read_saved(paths: Iterable[str]) -> Iterator[SavedRecord]:
    """Yield the records of all files in order; a folder stands for the files in it. NDJSON is read line by line.

    A record is a job's body, or an object with `payload` (the body, or its text); both may carry `fetched_at`
    (RFC 3339 or Go's text). What is no JSON is yielded too, for the caller to report.
    Raises ConfigError for a file that cannot be read or unpacked.
    """
    for path in _files(paths):
        try:
            with _open(path) as stream:
                name = str(path).encode(errors="replace").decode()  # a name may be any bytes, a message is text
                for body, where in _bodies(stream, name):
                    yield _record(body, where)
        except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
            raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def in_batches(records: Iterable[SavedRecord], most_records: int, most_bytes: int) -> Iterator[list[SavedRecord]]:
    """Yield the records in lists that end at so many records or bytes."""
    batch: list[SavedRecord] = []
    size = 0
    for record in records:
        batch.append(record)
        size += len(record.body)
        if len(batch) >= most_records or size >= most_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@contextmanager
def read_ahead(items: Iterator[_Item]) -> Iterator[Iterator[_Item]]:
    """Make the next of the items in a thread while the one before it is in use; never more than one ahead."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield _each_made_ahead(items, thread)


def _each_made_ahead(items: Iterator[_Item], thread: ThreadPoolExecutor) -> Iterator[_Item]:
    coming = thread.submit(next, items, None)
    while (item := coming.result()) is not None:
        coming = thread.submit(next, items, None)
        yield item


def _files(paths: Iterable[str]) -> Iterator[Path]:
    for name in paths:
        path = Path(name)
        if len(path.name.encode(errors="replace")) > _LONGEST_NAME_BYTES:
            raise ConfigError(f"{name[:80]}... is no file: the name is too long.")
        if path.is_dir():
            yield from sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
        elif path.exists():
            yield path
        else:
            raise ConfigError(f"{name} does not exist.")


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        magic = file.peek(4)[:4]  # looked at, not taken: what a pipe has given once it does not give again
        if magic.startswith(_GZIP_MAGIC):
            with gzip.open(file) as unpacked:
                yield cast(IO[bytes], unpacked)
        elif magic == _ZSTD_MAGIC:
            with zstd.open(file) as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            yield file


def _bodies(stream: IO[bytes], file: str) -> Iterator[tuple[bytes, str]]:
    first = stream.readline()
    while first and not first.strip():
        first = stream.readline()
    if _is_json(first):
        yield from _lines(chain([first], stream), file)
        return
    content = first + stream.read()
    if _is_json(content):
        yield from _elements(content.strip(), file)
    elif any(_is_json(line) for line in content.splitlines()):
        yield from _lines(content.splitlines(), file)
    else:
        yield content, file


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text.removeprefix(_BYTE_ORDER_MARK), type=msgspec.Raw)
    except RecursionError:
        return True  # deep, which the decoder of jobs judges
    except (msgspec.DecodeError, ValueError):
        return False
    return True


def _lines(lines: Iterable[bytes], file: str) -> Iterator[tuple[bytes, str]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _elements(line.strip(), f"{file}:{number}")


def _elements(text: bytes, where: str) -> Iterator[tuple[bytes, str]]:
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if not text.startswith(b"["):
        yield text, where
        return
    try:
        elements = _decode(text, list[msgspec.Raw])
    except (msgspec.DecodeError, ValueError, RecursionError):
        yield text, where
        return
    for index, element in enumerate(elements):
        yield bytes(element), f"{where}[{index}]"


def _record(body: bytes, where: str) -> SavedRecord:
    if b'"fetched_at"' not in body and b'"payload"' not in body:
        return SavedRecord(body, where, None)
    try:
        envelope = _decode(body, _Envelope)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return SavedRecord(body, where, None)
    fetched_at = _instant(envelope.fetched_at)
    sections = (envelope.metadata, envelope.spec, envelope.status)
    is_job = any(bytes(section) not in (b"", b"null") for section in sections)
    inner = bytes(envelope.payload)
    if is_job or inner in (b"", b"null"):
        return SavedRecord(body, where, fetched_at)
    return SavedRecord(_text_inside(inner) if inner.startswith(b'"') else inner, where, fetched_at)


def _text_inside(text: bytes) -> bytes:
    try:
        return msgspec.json.decode(text, type=str).encode()
    except (msgspec.DecodeError, ValueError):
        return text


def _decode(text: bytes, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError:
        with deep_recursion():
            return msgspec.json.decode(text, type=kind)


def _instant(text: str | None) -> int | None:
    try:
        return parse_timestamp(text) if text else None
    except ValueError:
        return None
