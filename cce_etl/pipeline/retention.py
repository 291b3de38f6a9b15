"""Keeping the warehouse for years: forgetting what is old, and giving the space back.

Lives here: which old payloads no tree needs any more, the order of a vacuum.
Does not: SQL and files (`warehouse/`), when it is done (`cli/`, `defs/`).
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

import msgspec

from cce_etl.pipeline.fetch import BATCH_BYTES
from cce_etl.pipeline.plan import Clock
from cce_etl.settings.settings import Settings
from cce_etl.transform.versions import Payload, PayloadKey, tree_of
from cce_etl.warehouse.connection import Connection, open_existing_warehouse, storage_at, transaction, warehouse_errors
from cce_etl.warehouse.payloads import read_payloads
from cce_etl.warehouse.retention import (
    OldPayload,
    delete_payloads,
    delete_resolved_dead_letters,
    delete_runs,
    superseded_payloads,
)

_DAY: Final = 86_400 * 10**9


class Forgotten(msgspec.Struct, frozen=True):
    """Count what retention deleted; the bytes are of bodies as they were sent."""

    payload_count: int = 0
    body_bytes: int = 0
    letter_count: int = 0
    run_count: int = 0


class Vacuumed(msgspec.Struct, frozen=True):
    """Say what a vacuum deleted, and the bytes of the warehouse's file before and after it."""

    forgotten: Forgotten
    bytes_before: int
    bytes_after: int


def vacuum(settings: Settings, clock: Clock = time.time_ns) -> Vacuumed:
    """Forget what is older than the settings keep, then write the warehouse anew as small as it goes.

    Raises WarehouseError; the warehouse then is whole, before or after what was deleted.
    """
    storage = storage_at(settings.warehouse)
    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        storage.checkpoint(connection)
        before = storage.byte_count(connection)
        forgotten = forget(connection, settings.raw_history_days, clock)
    with warehouse_errors(settings.warehouse):
        after = storage.vacuum(settings.lock_wait_seconds, settings.snapshot_days)
    return Vacuumed(forgotten, before, after)


def forget(connection: Connection, history_days: int | None, clock: Clock = time.time_ns) -> Forgotten:
    """Delete superseded payloads, resolved letters and accounts of runs that are older; without days, nothing.

    What is left makes core.jobs as before: a payload stays as long as its job's tree would be another without it.
    """
    if history_days is None:
        return Forgotten()
    before = clock() - history_days * _DAY
    with transaction(connection):
        payloads = _forget_payloads(connection, superseded_payloads(connection, before))
        return msgspec.structs.replace(
            payloads,
            letter_count=delete_resolved_dead_letters(connection, before),
            run_count=delete_runs(connection, before),
        )


def _forget_payloads(connection: Connection, old: Sequence[OldPayload]) -> Forgotten:
    count = size = 0
    for source, group in groupby(old, key=lambda one: one.source):
        for keys in _batches(group):
            needless = list(_needless(connection, source, keys))
            delete_payloads(connection, source, needless)
            count += len(needless)
            size += sum(payload.body_bytes for payload in needless)
    return Forgotten(payload_count=count, body_bytes=size)


def _batches(old: Iterable[OldPayload]) -> Iterator[list[PayloadKey]]:
    """Yield keys of as many bodies as may be in memory at once."""
    keys: list[PayloadKey] = []
    size = 0
    for one in old:
        keys.append(one.key)
        size += one.body_bytes
        if size >= BATCH_BYTES:
            yield keys
            keys, size = [], 0
    yield keys


def _needless(connection: Connection, source: str, keys: Sequence[PayloadKey]) -> Iterator[Payload]:
    old = set(keys)
    stored = read_payloads(connection, source, dict.fromkeys(key.job_id for key in keys))
    for job_id, payloads in groupby(stored, key=lambda payload: payload.job_id):
        yield from without_need(job_id, list(payloads), old)


def without_need(job_id: str, payloads: Sequence[Payload], old: set[PayloadKey]) -> list[Payload]:
    """Return those of the old payloads without all of which the job's tree is the same; payloads come latest first.

    All at once when that holds, as it nearly always does; else one by one, the oldest first.
    """
    tree = tree_of(job_id, payloads)
    candidates = [payload for payload in payloads if _key(payload) in old]
    kept = [payload for payload in payloads if _key(payload) not in old]
    if tree_of(job_id, kept) == tree:
        return candidates
    kept = list(payloads)
    for candidate in reversed(candidates):
        fewer = [payload for payload in kept if payload is not candidate]
        if tree_of(job_id, fewer) == tree:
            kept = fewer
    still = {_key(payload) for payload in kept}
    return [payload for payload in candidates if _key(payload) not in still]


def _key(payload: Payload) -> PayloadKey:
    return PayloadKey(payload.job_id, payload.dialect, payload.fetched_at, payload.body_sha256)
