"""One batch of answers into the warehouse: land the bytes, decode, flatten, replace the trees.

Lives here: what becomes of each id, letter and row when answers arrive. One transaction a batch.
Does not: which payload counts (`observations`), fetching (`extract/`), the order of a run (`pipeline`), SQL.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby

import msgspec

from cce_etl.errors import PayloadError
from cce_etl.extract.client import Failed, Fetched, Gone
from cce_etl.extract.error_responses import excerpt
from cce_etl.extract.payload_files import SavedRecord
from cce_etl.extract.worker_pool import Outcome
from cce_etl.transform.payload import Dialect
from cce_etl.transform.readings import BodyReader, Reading
from cce_etl.transform.versions import History, Payload, PayloadCompressor, decode_for, tree_of
from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.dead_letters import DeadLetter, record_dead_letters, resolve_dead_letters
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.job_ids import IdUpdate, register_ids, update_ids
from cce_etl.warehouse.jobs import replace_trees, touch_observed_at
from cce_etl.warehouse.payloads import append_payloads, payload_keys, read_payloads, record_last_seen


class _Item(msgspec.Struct, frozen=True):
    """Hold one body and what reading said of it: exactly one of `reading` and `error`."""

    payload: Payload
    reading: Reading | None
    error: PayloadError | None
    attempts: int


class SavedBatch(msgspec.Struct, frozen=True):
    """Hold payloads saved earlier, read and ready to be written, and the records that are no job."""

    items: list[_Item]
    reader: BodyReader
    refused: list[tuple[SavedRecord, PayloadError]]


def store_outcomes(
    connection: Connection, source: str, outcomes: Sequence[Outcome], counts: RunCounts, at: int
) -> None:
    """Write a batch of fetched jobs at the time `at`, and count it in `counts`."""
    gone = [outcome for outcome in outcomes if isinstance(outcome, Gone)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    reader, compressor = BodyReader(), PayloadCompressor()
    items = [_item_of_fetched(outcome, reader, compressor) for outcome in outcomes if isinstance(outcome, Fetched)]
    counted = RunCounts(gone=len(gone), failed=len(failed), dead_lettered=len(failed))
    with transaction(connection):
        history = History(payload_keys(connection, source, [item.payload.job_id for item in items]))
        _store_items(connection, source, items, history, reader, counted, at)
        update_ids(connection, source, [*map(_mark_of_gone, gone), *map(_mark_of_failed, failed)])
        record_dead_letters(connection, source, [_letter_of_failed(failure) for failure in failed])
        resolve_dead_letters(connection, source, [answer.job_id for answer in gone], at)
    _add(counts, counted)


def read_batch(records: Sequence[SavedRecord]) -> SavedBatch:
    """Read payloads saved earlier, which needs no warehouse and so can go on while another batch is written.

    Bodies are compressed here as well: beside this, a thread that writes would wait for the interpreter at each one.
    """
    reader, compressor = BodyReader(), PayloadCompressor()
    read: list[tuple[SavedRecord, Reading]] = []
    refused: list[tuple[SavedRecord, PayloadError]] = []
    for record in records:
        try:
            read.append((record, reader.read(record.body)))
        except PayloadError as error:
            refused.append((record, error))
    undated = [reading for record, reading in read if record.fetched_at is None]
    times = iter(reader.latest_times(undated))
    items = []
    for record, reading in read:
        fetched_at = next(times) if record.fetched_at is None else record.fetched_at
        payload = compressor.payload(reading.job_id, reading.dialect, fetched_at, record.body)
        items.append(_Item(payload, reading, None, 0))
    return SavedBatch(items, reader, refused)


def store_batch(connection: Connection, source: str, batch: SavedBatch, counts: RunCounts, at: int) -> None:
    """Write a batch that has been read, and count it in `counts`; a record that is no job is a dead letter."""
    letters = [_letter(None, f"{record.where}: {error}", error, record.body, at) for record, error in batch.refused]
    counted = RunCounts(requested=len(batch.items) + len(letters), failed=len(letters), dead_lettered=len(letters))
    job_ids = list({item.payload.job_id: None for item in batch.items})
    history = History([])  # of new ids nothing is stored
    with transaction(connection):
        if register_ids(connection, source, "load", job_ids, at) < len(job_ids):
            record_last_seen(connection, source, [item.payload for item in batch.items])
            history = History(payload_keys(connection, source, job_ids))
        _store_items(connection, source, batch.items, history, batch.reader, counted, at)
        record_dead_letters(connection, source, letters)
    _add(counts, counted)


def restore(connection: Connection, source: str, job_ids: Sequence[str]) -> int:
    """Make core.jobs of these ids anew from the stored payloads, and return the rows written.

    The caller has emptied core.jobs, in the same transaction. Ids and letters stay as they are.
    """
    reader = BodyReader()
    seen = _stored_readings(connection, source, job_ids, reader)
    return replace_trees(connection, source, reader.table(list(seen.values())), [])


def replay_letters(connection: Connection, source: str, job_ids: Sequence[str], at: int) -> int:
    """Read again the stored bodies of jobs with open letters; return how many came through and are loaded now.

    A job comes through when its latest body can be read: an older one that could be was loaded before.
    """
    stored = read_payloads(connection, source, job_ids)
    payloads = {job_id: list(group) for job_id, group in groupby(stored, key=lambda payload: payload.job_id)}
    reader = BodyReader()
    trees = {}
    for job_id, group in payloads.items():
        if _is_readable(job_id, group):
            reading = _reading_of(job_id, group, reader)
            if reading is not None:
                trees[job_id] = reading
    marks = [
        IdUpdate(job_id, _state_of(one), 0, max((p.fetched_at for p in payloads[job_id] if p.fetched_at), default=None))
        for job_id, one in trees.items()
    ]
    with transaction(connection):
        update_ids(connection, source, marks)
        replace_trees(connection, source, reader.table(list(trees.values())), list(trees))
        resolve_dead_letters(connection, source, list(trees), at)
    return len(trees)


def _is_readable(job_id: str, payloads: Sequence[Payload]) -> bool:
    latest = max(payloads, key=lambda payload: (payload.dialect == Dialect.V3, payload.fetched_at or 0))
    try:
        decode_for(job_id, latest.body)
    except PayloadError:
        return False
    return True


def _store_items(
    connection: Connection,
    source: str,
    items: Sequence[_Item],
    history: History,
    reader: BodyReader,
    counted: RunCounts,
    at: int,
) -> None:
    if not items:
        return
    loaded_before = history.job_ids()
    seen_in_v3 = {job_id for job_id in loaded_before if history.has(job_id, Dialect.V3)}
    new = [item for item in sorted(items, key=lambda item: item.payload.fetched_at or 0) if history.add(item.payload)]
    append_payloads(connection, source, [item.payload for item in new])
    changed = [item for item in new if item.reading is not None]
    readable = [item.payload.job_id for item in items if item.reading is not None]
    seen = _observe(connection, source, changed, history, reader)
    update_ids(connection, source, _marks_of(items, seen, history, seen_in_v3))
    rows = reader.table(list(seen.values()))
    counted.rows += replace_trees(connection, source, rows, [job_id for job_id in seen if job_id in loaded_before])
    touch_observed_at(connection, source, [job_id for job_id in readable if job_id not in seen])
    letters = [_letter_of_item(item, item.error, at) for item in items if item.error is not None]
    record_dead_letters(connection, source, letters)
    resolve_dead_letters(connection, source, readable, at)
    counted.fetched += len(changed)
    counted.unchanged += len(readable) - len(changed)
    counted.failed += len(letters)
    counted.dead_lettered += len(letters)


def _observe(
    connection: Connection, source: str, changed: Sequence[_Item], history: History, reader: BodyReader
) -> dict[str, Reading]:
    """Return the trees that the changed payloads make; only where several payloads matter are they read back."""
    seen: dict[str, Reading] = {}
    entangled: set[str] = set()
    for item in changed:
        payload = item.payload
        if item.reading is None or history.has(payload.job_id, Dialect.V2) or not history.is_latest(payload):
            entangled.add(payload.job_id)
        else:
            seen[payload.job_id] = item.reading
    return seen | _stored_readings(connection, source, sorted(entangled - seen.keys()), reader)


def _stored_readings(
    connection: Connection, source: str, job_ids: Sequence[str], reader: BodyReader
) -> dict[str, Reading]:
    stored = read_payloads(connection, source, job_ids) if job_ids else []
    readings = {}
    for job_id, payloads in groupby(stored, key=lambda payload: payload.job_id):
        reading = _reading_of(job_id, list(payloads), reader)
        if reading is not None:
            readings[job_id] = reading
    return readings


def _reading_of(job_id: str, payloads: Sequence[Payload], reader: BodyReader) -> Reading | None:
    """Return what a job's payloads, latest first, make together; None when none can be read."""
    if any(payload.dialect == Dialect.V2 for payload in payloads):
        tree = tree_of(job_id, payloads)
        return None if tree is None else Reading(job_id, Dialect(tree.dialect), tree.is_terminal, tree.rows)
    for payload in payloads:
        with suppress(PayloadError):
            return reader.read(payload.body, job_id)
    return None


def _item_of_fetched(answer: Fetched, reader: BodyReader, compressor: PayloadCompressor) -> _Item:
    payload = compressor.payload(answer.job_id, Dialect.V3, answer.fetched_at, answer.body)
    try:
        return _Item(payload, reader.read(answer.body, answer.job_id), None, answer.attempts)
    except PayloadError as error:
        return _Item(payload, None, error, answer.attempts)


def _marks_of(
    items: Iterable[_Item], seen: dict[str, Reading], history: History, seen_in_v3: set[str]
) -> list[IdUpdate]:
    marks: dict[str, IdUpdate] = {}
    for item in items:
        job_id, is_v3 = item.payload.job_id, item.payload.dialect == Dialect.V3
        before = marks.get(job_id, IdUpdate(job_id, None, 0, None))
        # What v2 says of a job does not make its v3 tree any younger, whichever of them came first.
        tree = seen[job_id].dialect if job_id in seen else Dialect.V3 if history.has(job_id, Dialect.V3) else Dialect.V2
        is_of_tree = item.reading is not None and (is_v3 or tree == Dialect.V2)
        times = [
            time for time in (before.fetched_at, item.payload.fetched_at if is_of_tree else None) if time is not None
        ]
        marks[job_id] = IdUpdate(
            job_id,
            "dead" if item.error else _state_of(seen[job_id]) if job_id in seen else before.state,
            before.attempts + item.attempts,
            max(times, default=None),
            before.replaces_time or (is_of_tree and is_v3 and job_id not in seen_in_v3),
        )
    return list(marks.values())


def _state_of(reading: Reading) -> str | None:
    if reading.dialect == Dialect.V2:
        return None  # the list of v2 may be stale: only v3 ends a job
    return "finished" if reading.is_terminal else "running"


def _mark_of_gone(answer: Gone) -> IdUpdate:
    return IdUpdate(answer.job_id, "gone", answer.attempts, None)


def _mark_of_failed(failure: Failed) -> IdUpdate:
    return IdUpdate(failure.job_id, None if failure.is_retryable else "dead", failure.attempts, None)


def _letter_of_failed(failure: Failed) -> DeadLetter:
    return DeadLetter(
        job_id=failure.job_id,
        kind=failure.kind,
        message=failure.message,
        failed_at=failure.fetched_at,
        http_status=failure.http_status,
        error_code=failure.error_code,
        body_excerpt=failure.body_excerpt,
        attempts=failure.attempts,
    )


def _letter_of_item(item: _Item, error: PayloadError, at: int) -> DeadLetter:
    letter = _letter(item.payload.job_id, str(error), error, item.payload.body, at)
    return msgspec.structs.replace(letter, http_status=200, attempts=item.attempts)


def _letter(job_id: str | None, message: str, error: PayloadError, body: bytes, at: int) -> DeadLetter:
    return DeadLetter(job_id=job_id, kind=error.kind, message=message, failed_at=at, body_excerpt=excerpt(body))


def _add(counts: RunCounts, counted: RunCounts) -> None:
    for field in RunCounts.__struct_fields__:
        setattr(counts, field, getattr(counts, field) + getattr(counted, field))
