"""Lists of job ids from files and standard input: text, CSV, Parquet, JSON, NDJSON; which entries are not ids."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from glob import glob
from pathlib import Path
from typing import Any, Final

import msgspec

from cce_etl.errors import ConfigError

_VALID_ID: Final = re.compile(r"(?=.*[A-Za-z0-9_-])[A-Za-z0-9._-]{1,128}", re.ASCII)
_COLUMNS: Final = ("job_id", "jobid", "uid", "id")
_JOB_ID_KEYS: Final = ("jobid", "job_id", "jobids", "job_ids")


class BadId(msgspec.Struct, frozen=True):
    """An entry of a list that is not a job id; `line` counts from 1 (rows in a Parquet file)."""

    text: str
    file: str
    line: int


class IdList(msgspec.Struct, frozen=True):
    """The ids of one or more lists, each once, in the order first seen, and the entries that are not ids."""

    job_ids: list[str]
    bad: list[BadId]


def read_id_lists(paths: Iterable[str]) -> IdList:
    """Return the ids of all lists, trimmed, checked and each once; `-` is standard input.

    Raises:
        ConfigError: A file cannot be read, or has no column of ids.
    """
    found: dict[str, None] = {}
    bad = []
    for path in paths:
        for text, line in _entries(path):
            job_id = text.strip()
            if is_valid_id(job_id):
                found[job_id] = None
            elif job_id:
                bad.append(BadId(job_id[:200], path, line))
    return IdList(list(found), bad)


def is_valid_id(text: str) -> bool:
    """Return whether text can be a job's or cluster's id: 1 to 128 letters, digits, `.`, `_`, `-`, not only dots."""
    return _VALID_ID.fullmatch(text) is not None


def expand_patterns(setting: str) -> list[str]:
    """Return the files that CCE_JOB_IDS names: files or globs, separated by commas or line ends.

    Raises:
        ConfigError: A glob matches nothing.
    """
    files = []
    for pattern in filter(None, (part.strip() for part in re.split(r"[,\n]", setting))):
        try:
            is_file = Path(pattern).exists()
            matches = [pattern] if is_file else sorted(glob(pattern, recursive=True))  # noqa: PTH207  it may be absolute
        except OSError:  # longer than a file name can be, as when ids are given in its place
            matches = []
        if not matches:
            raise ConfigError(f"CCE_JOB_IDS names {pattern!r}, which matches no file.")
        files += matches
    return files


def _entries(path: str) -> Iterator[tuple[str, int]]:
    """Return the entries of a list, as they stand in it, and the line of each."""
    content = _read(path)
    if content[:4] == b"PAR1":
        return _parquet_entries(content, path)
    # Spreadsheets and Windows shells write UTF-16 with a byte order mark.
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ConfigError(f"The id list {path} is not text: {error.reason} at byte {error.start}.") from None
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        return _json_entries(text, path)
    if _looks_like_table(text, path):
        return _csv_entries(text, path)
    return ((line.partition("#")[0], number) for number, line in enumerate(text.splitlines(), start=1))


def _read(path: str) -> bytes:
    if path == "-" and sys.stdin is None:
        raise ConfigError("The id list is to be read from standard input, which is closed.")
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"The id list {path} cannot be read: {error.strerror or error}.") from None


def _looks_like_table(text: str, path: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    header = first.partition("#")[0].strip()
    names = [name.strip().strip('"').lower() for name in re.split(r"[,;\t]", header)]
    return len(names) > 1 or names[0] in _COLUMNS or (Path(path).suffix.lower() == ".csv" and '"' in first)


def _csv_entries(text: str, path: str) -> Iterator[tuple[str, int]]:
    lines = text.splitlines(keepends=True)
    start = next((n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    delimiter = max(",;\t", key=lines[start].count)
    rows = csv.reader(lines[start:], delimiter=delimiter)
    try:
        header = [name.strip() for name in next(rows)]
    except csv.Error as error:
        raise ConfigError(f"The id list {path} has no readable header: {error}. Is a quote missing?") from None
    if len(header) == 1 and header[0].lower() not in _COLUMNS:
        yield header[0], start + 1
        column = 0
    else:
        column = _column_of(header, path)
    while True:
        try:
            row = next(rows, None)
        except csv.Error:  # a cell of more than 131,072 characters, which is not an id in any column
            yield lines[start + rows.line_num - 1], start + rows.line_num
            continue
        if row is None:
            return
        if len(row) > column and not row[0].startswith("#"):
            yield row[column], start + rows.line_num


def _parquet_entries(content: bytes, path: str) -> Iterator[tuple[str, int]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(content))
        name = file.schema_arrow.names[_column_of(file.schema_arrow.names, path)]
        line = 0
        for batch in file.iter_batches(columns=[name]):
            for value in batch.column(0).to_pylist():
                line += 1
                # Old writers of Parquet wrote text as bytes.
                text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                yield "" if value is None else text, line
    except (pa.ArrowException, OSError) as error:
        raise ConfigError(f"The id list {path} is not a readable Parquet file: {error}.") from None


def _column_of(header: list[str], path: str) -> int:
    lowered = [name.lower() for name in header]
    for wanted in _COLUMNS:
        if wanted in lowered:
            return lowered.index(wanted)
    raise ConfigError(
        f"The id list {path} has no column job_id, jobid, uid or id; it has {', '.join(header)[:200]}. "
        "Rename the column, or give one id a line."
    )


def _json_entries(text: str, path: str) -> Iterator[tuple[str, int]]:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        yield from _ndjson_entries(text, path)
        return
    for record in document if isinstance(document, list) else [document]:
        for job_id in job_ids_in(record):
            # The line is shown only for what is not an id, and finding it takes a search.
            is_id = is_valid_id(job_id.strip())
            position = 0 if is_id else text.find(msgspec.json.encode(job_id).decode())
            yield job_id, text.count("\n", 0, max(position, 0)) + 1


def _ndjson_entries(text: str, path: str) -> Iterator[tuple[str, int]]:
    if "\n" not in text.strip():
        raise ConfigError(f"The id list {path} begins like JSON but is not JSON. Is it cut off?")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, ValueError, RecursionError):
            yield line, number
            continue
        for job_id in job_ids_in(record):
            yield job_id, number


def job_ids_in(record: Any) -> list[str]:
    """Return the ids in a record: a job's own uid, else every jobID at any depth, else uid or id, or a bare value."""
    if not isinstance(record, dict):
        return [] if record is None else [_as_text(record)]
    metadata = record.get("metadata")
    is_job = str(record.get("kind") or "job").lower() == "job"
    if is_job and isinstance(metadata, dict) and metadata.get("uid"):
        return [_as_text(metadata["uid"])]
    deep = [_as_text(value) for value in _values_of_job_id_keys(record)]
    if deep:
        return deep
    lowered = {key.lower(): value for key, value in record.items()}
    for name in ("uid", "id"):
        if isinstance(lowered.get(name), str | int):
            return [_as_text(lowered[name])]
    return []


def _values_of_job_id_keys(record: Any) -> Iterator[Any]:
    pending = [("", record)]
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            pending += reversed(value.items())
        elif isinstance(value, list):
            pending += [(key, inner) for inner in reversed(value)]
        elif key.lower() in _JOB_ID_KEYS and value not in (None, ""):
            yield value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
