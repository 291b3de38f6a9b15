"""Files of job payloads saved earlier (JSON or NDJSON, plain, gzip or zstd), cut into the exact bytes of records."""

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import IO, Final, TypeVar, cast

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.extract.untrusted_json import decode_or_none
from cce_etl.timestamps import timestamp_or_none

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_LONGEST_NAME_BYTES: Final = 255
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ABSENT: Final = msgspec.Raw(b"")
_Item = TypeVar("_Item")


class SavedRecord(msgspec.Struct, frozen=True, gc=False):
    """One record's bytes as they stand in the file, its place `where`, and when it was fetched (ns, UTC) if known."""

    body: bytes
    where: str
    fetched_at: int | None


class _Envelope(msgspec.Struct):
    """What tells a wrapped job from a job; an absent section is empty, because msgspec reads `Raw | None` as null."""

    fetched_at: str | None = None
    payload: msgspec.Raw = _ABSENT
    metadata: msgspec.Raw = _ABSENT
    spec: msgspec.Raw = _ABSENT
    status: msgspec.Raw = _ABSENT


def read_saved(paths: Iterable[str]) -> Iterator[SavedRecord]:
    """Yield the records of all files in order; a folder stands for the files in it. NDJSON is read line by line.

    A record is a job's body, or an object with `payload` (the body, or its text); both may carry `fetched_at`
    (RFC 3339 or Go's text). Content that is not JSON is yielded too, so that the caller can report it.
    Raises ConfigError for a file that cannot be read or unpacked.
    """
    for path in _files(paths):
        try:
            with _open(path) as stream:
                name = str(path).encode(errors="replace").decode()  # a file's name may be no valid text
                for body, where in _bodies(stream, name):
                    yield _record(body, where)
        except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
            raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def in_batches(records: Iterable[SavedRecord], most_records: int, most_bytes: int) -> Iterator[list[SavedRecord]]:
    """Yield the records in lists of at most `most_records`, each ended early once it has `most_bytes`."""
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
    """Yield the items; a thread makes the next one while the one before it is in use, and never more than one."""
    with ThreadPoolExecutor(max_workers=1) as thread:

        def items_made_ahead() -> Iterator[_Item]:
            coming = thread.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = thread.submit(next, items, None)
                yield item

        yield items_made_ahead()


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
        magic = file.peek(4)[:4]  # not read, because a pipe gives its bytes only once
        opener = gzip.open if magic.startswith(_GZIP_MAGIC) else zstd.open if magic == _ZSTD_MAGIC else nullcontext
        with opener(file) as unpacked:
            yield cast(IO[bytes], unpacked)


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
        return True  # nested deeply, which parsing the job reports
    except (msgspec.DecodeError, ValueError):
        return False
    return True


def _lines(lines: Iterable[bytes], file: str) -> Iterator[tuple[bytes, str]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _elements(line.strip(), f"{file}:{number}")


def _elements(text: bytes, where: str) -> Iterator[tuple[bytes, str]]:
    text = text.removeprefix(_BYTE_ORDER_MARK)
    elements = decode_or_none(text, list[msgspec.Raw]) if text.startswith(b"[") else None
    if elements is None:
        yield text, where
        return
    for index, element in enumerate(elements):
        yield bytes(element), f"{where}[{index}]"


def _record(body: bytes, where: str) -> SavedRecord:
    may_be_wrapped = b'"fetched_at"' in body or b'"payload"' in body
    envelope = decode_or_none(body, _Envelope) if may_be_wrapped else None
    if envelope is None:
        return SavedRecord(body, where, None)
    fetched_at = timestamp_or_none(envelope.fetched_at)
    sections = (envelope.metadata, envelope.spec, envelope.status)
    is_job = any(bytes(section) not in (b"", b"null") for section in sections)
    inner = bytes(envelope.payload)
    if is_job or inner in (b"", b"null"):
        return SavedRecord(body, where, fetched_at)
    text = decode_or_none(inner, str)  # None unless the payload is text
    return SavedRecord(inner if text is None else text.encode(), where, fetched_at)
