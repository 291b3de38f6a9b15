"""Deleting raw history that is older than the settings keep, without a change of core.jobs; shrinking the warehouse."""

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
    delete_id_lists_and_check_runs,
    delete_payloads,
    delete_resolved_dead_letters,
    delete_runs,
    superseded_payloads,
)

_DAY: Final = 86_400 * 10**9


class Pruned(msgspec.Struct, frozen=True):
    """What retention deleted; the bytes are of bodies as they were sent."""

    payload_count: int = 0
    body_bytes: int = 0
    letter_count: int = 0
    run_count: int = 0


class Vacuumed(msgspec.Struct, frozen=True):
    """What a vacuum deleted, and the bytes of the warehouse before and after it."""

    forgotten: Pruned
    bytes_before: int
    bytes_after: int


def vacuum(settings: Settings, clock: Clock = time.time_ns) -> Vacuumed:
    """Prune raw history, then write the warehouse anew, as small as it can be.

    Raises:
        WarehouseError: The warehouse is whole, as it was before or after pruning.
    """
    storage = storage_at(settings.warehouse)
    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        storage.checkpoint(connection)
        before = storage.byte_count(connection)
        pruned = prune(connection, settings.raw_history_days, clock)
    with warehouse_errors(settings.warehouse):
        after = storage.vacuum(settings.lock_wait_seconds, settings.snapshot_days)
    return Vacuumed(pruned, before, after)


def prune(connection: Connection, history_days: int | None, clock: Clock = time.time_ns) -> Pruned:
    """Delete redundant payloads, resolved dead letters and records of runs older than some days; None deletes none.

    core.jobs can be made again from what is left: a payload stays while its job's tree would differ without it.
    """
    if history_days is None:
        return Pruned()
    before = clock() - history_days * _DAY
    with transaction(connection):
        payload_count = body_bytes = 0
        for source, superseded in groupby(superseded_payloads(connection, before), key=lambda one: one.source):
            for keys in _batches(superseded):
                stored = read_payloads(connection, source, dict.fromkeys(key.job_id for key in keys))
                found = [
                    payload
                    for job_id, payloads in groupby(stored, key=lambda payload: payload.job_id)
                    for payload in redundant(job_id, list(payloads), set(keys))
                ]
                delete_payloads(connection, source, found)
                payload_count += len(found)
                body_bytes += sum(payload.body_bytes for payload in found)
        delete_id_lists_and_check_runs(connection, before)
        return Pruned(
            payload_count,
            body_bytes,
            letter_count=delete_resolved_dead_letters(connection, before),
            run_count=delete_runs(connection, before),
        )


def _batches(superseded: Iterable[OldPayload]) -> Iterator[list[PayloadKey]]:
    """Yield the keys of as many bodies as may be in memory at once."""
    keys: list[PayloadKey] = []
    size = 0
    for one in superseded:
        keys.append(one.key)
        size += one.body_bytes
        if size >= BATCH_BYTES:
            yield keys
            keys, size = [], 0
    yield keys


def redundant(job_id: str, payloads: Sequence[Payload], old: set[PayloadKey]) -> list[Payload]:
    """Return the old payloads that can all be deleted without a change of the job's tree; payloads come latest first.

    Nearly always these are all old payloads. Otherwise they are tried one by one, the oldest first.
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
    return [payload for payload in candidates if not any(payload is one for one in kept)]


def _key(payload: Payload) -> PayloadKey:
    return PayloadKey(payload.job_id, payload.dialect, payload.fetched_at, payload.body_sha256)
