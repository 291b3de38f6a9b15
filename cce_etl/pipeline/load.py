"""One batch of bodies into the warehouse, in one transaction: payloads, states of ids, trees, dead letters."""

from collections.abc import Sequence
from itertools import groupby

import msgspec
import pyarrow as pa

from cce_etl.errors import PayloadError
from cce_etl.extract.client import Fetched, Gone
from cce_etl.extract.error_responses import excerpt
from cce_etl.extract.payload_files import SavedRecord
from cce_etl.extract.worker_pool import Outcome
from cce_etl.transform.flatten import ParsedPayload, flatten, latest_times, parse_payload
from cce_etl.transform.payload import Dialect
from cce_etl.transform.versions import Payload, PayloadCompressor, PayloadVersions, tree_of
from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.dead_letters import (
    DeadLetter,
    open_dead_letter_ids,
    record_dead_letters,
    resolve_dead_letters,
)
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.job_ids import IdUpdate, register_ids, update_ids
from cce_etl.warehouse.jobs import replace_trees, touch_observed_at
from cce_etl.warehouse.payloads import append_payloads, payload_keys, read_payloads, record_last_seen


class LoadItem(msgspec.Struct, frozen=True, gc=False):
    """One body with the tree parsed from it, None when it cannot be read; `attempts` are the requests it took."""

    payload: Payload
    tree: ParsedPayload | None
    attempts: int = 0


class SavedBatch(msgspec.Struct, frozen=True):
    """Records of files, parsed and flattened, and the records that are no job."""

    items: list[LoadItem]
    rows: pa.Table
    refused: list[tuple[SavedRecord, PayloadError]]


def store_outcomes(
    connection: Connection, source: str, outcomes: Sequence[Outcome], counts: RunCounts, at: int
) -> None:
    """Write a batch of fetched jobs at the time `at`, and add it to `counts`."""
    compressor = PayloadCompressor()
    items: list[LoadItem] = []
    updates: list[IdUpdate] = []
    dead_letters: list[DeadLetter] = []
    gone: list[str] = []
    for outcome in outcomes:
        if isinstance(outcome, Fetched):
            payload = compressor.payload(outcome.job_id, Dialect.V3, outcome.fetched_at, outcome.body)
            try:
                items.append(LoadItem(payload, parse_payload(outcome.body, outcome.job_id), outcome.attempts))
            except PayloadError as error:
                items.append(LoadItem(payload, None, outcome.attempts))
                dead_letters.append(
                    DeadLetter(
                        job_id=outcome.job_id,
                        kind=error.kind,
                        message=str(error),
                        failed_at=at,
                        http_status=200,
                        body_excerpt=excerpt(outcome.body),
                        attempts=outcome.attempts,
                    )
                )
        elif isinstance(outcome, Gone):
            gone.append(outcome.job_id)
            updates.append(IdUpdate(outcome.job_id, "gone", outcome.attempts, None))
        else:
            state = None if outcome.is_retryable else "dead"
            updates.append(IdUpdate(outcome.job_id, state, outcome.attempts, None))
            dead_letters.append(
                DeadLetter(
                    job_id=outcome.job_id,
                    kind=outcome.kind,
                    message=outcome.message,
                    failed_at=outcome.fetched_at,
                    http_status=outcome.http_status,
                    error_code=outcome.error_code,
                    body_excerpt=outcome.body_excerpt,
                    attempts=outcome.attempts,
                )
            )
    with transaction(connection):
        versions = PayloadVersions(payload_keys(connection, source, [item.payload.job_id for item in items]))
        added = _write_items(connection, source, items, versions, updates)
        record_dead_letters(connection, source, dead_letters)
        came_through = [item.payload.job_id for item in items if item.tree is not None]
        resolve_dead_letters(connection, source, [*came_through, *gone], at)
    added.gone = len(gone)
    added.failed = added.dead_lettered = len(dead_letters)
    counts.add(added)


def read_batch(records: Sequence[SavedRecord]) -> SavedBatch:
    """Parse records of files.

    This needs no warehouse, so it can go on while another batch is written. Bodies are compressed here as well: a
    thread that writes would have to wait for the interpreter at each one.
    """
    compressor = PayloadCompressor()
    parsed: list[tuple[SavedRecord, ParsedPayload]] = []
    refused: list[tuple[SavedRecord, PayloadError]] = []
    for record in records:
        try:
            parsed.append((record, parse_payload(record.body)))
        except PayloadError as error:
            refused.append((record, error))
    trees = [tree for _, tree in parsed]
    rows = flatten(trees)
    items = []
    for (record, tree), latest_time in zip(parsed, latest_times(trees, rows), strict=True):
        fetched_at = latest_time if record.fetched_at is None else record.fetched_at
        items.append(LoadItem(compressor.payload(tree.job_id, tree.dialect, fetched_at, record.body), tree))
    return SavedBatch(items, rows, refused)


def store_batch(connection: Connection, source: str, batch: SavedBatch, counts: RunCounts, at: int) -> None:
    """Write a batch of records that were read, and add it to `counts`; a record that is no job is a dead letter."""
    dead_letters = [
        DeadLetter(None, error.kind, f"{record.where}: {error}", at, body_excerpt=excerpt(record.body))
        for record, error in batch.refused
    ]
    job_ids = list({item.payload.job_id: None for item in batch.items})
    versions = PayloadVersions([])  # of new ids nothing is stored
    with transaction(connection):
        if register_ids(connection, source, "load", job_ids, at) < len(job_ids):
            record_last_seen(connection, source, [item.payload for item in batch.items])
            versions = PayloadVersions(payload_keys(connection, source, job_ids))
        added = _write_items(connection, source, batch.items, versions, [], batch.rows)
        record_dead_letters(connection, source, dead_letters)
        resolve_dead_letters(connection, source, job_ids, at)
    added.requested = len(batch.items) + len(dead_letters)
    added.failed = added.dead_lettered = len(dead_letters)
    counts.add(added)


def rebuild_trees(connection: Connection, source: str, job_ids: Sequence[str], at: int) -> int:
    """Write the rows of core.jobs of these ids from the stored payloads, and return how many they are.

    The caller has emptied core.jobs in the same transaction. A tree that is deeper than this release reads, and that an
    earlier one has loaded, becomes a dead letter at the time `at`.
    """
    trees: dict[str, ParsedPayload] = {}
    unreadable: dict[str, Payload] = {}  # with the latest body of each
    for job_id, group in groupby(read_payloads(connection, source, job_ids), key=lambda payload: payload.job_id):
        payloads = list(group)
        tree = tree_of(job_id, payloads)
        if tree is None:
            unreadable[job_id] = payloads[-1] if payloads[-1].dialect == Dialect.V3 else payloads[0]
        else:
            trees[job_id] = tree
    for job_id in unreadable.keys() & set(open_dead_letter_ids(connection, source)) if unreadable else ():
        del unreadable[job_id]
    dead_letters = []
    for job_id, payload in unreadable.items():
        try:
            parse_payload(payload.body, job_id)
        except PayloadError as error:
            if error.kind == "too_deep":
                body_excerpt = excerpt(payload.body)
                dead_letters.append(DeadLetter(job_id, error.kind, str(error), at, body_excerpt=body_excerpt))
    record_dead_letters(connection, source, dead_letters)
    return replace_trees(connection, source, flatten(list(trees.values())), [])


def replay_job_payloads(connection: Connection, source: str, job_ids: Sequence[str], at: int) -> int:
    """Parse the stored bodies of jobs with open dead letters again, and load those that can be read now.

    A job is loaded when its latest body can be read: an older one that could be read was loaded before.

    Returns:
        The number of jobs loaded.
    """
    trees: dict[str, ParsedPayload] = {}
    updates: list[IdUpdate] = []
    for job_id, group in groupby(read_payloads(connection, source, job_ids), key=lambda payload: payload.job_id):
        payloads = list(group)
        latest = max(payloads, key=lambda payload: (payload.dialect == Dialect.V3, payload.fetched_at or 0))
        try:
            parse_payload(latest.body, job_id)
        except PayloadError:
            continue
        tree = tree_of(job_id, payloads)
        if tree is not None:
            trees[job_id] = tree
            fetched_at = max((payload.fetched_at for payload in payloads if payload.fetched_at), default=None)
            updates.append(IdUpdate(job_id, _state_of(tree), 0, fetched_at))
    with transaction(connection):
        update_ids(connection, source, updates)
        replace_trees(connection, source, flatten(list(trees.values())), list(trees))
        resolve_dead_letters(connection, source, list(trees), at)
    return len(trees)


def _write_items(
    connection: Connection,
    source: str,
    items: Sequence[LoadItem],
    versions: PayloadVersions,
    updates: Sequence[IdUpdate],
    rows: pa.Table | None = None,
) -> RunCounts:
    """Write payloads that are new, the states of ids, and the trees that change; return the counts of the trees.

    Args:
        connection: The warehouse, in a transaction.
        source: The name of the source.
        items: Bodies, in any order.
        versions: What is stored of their jobs; the new payloads are added.
        updates: States of other ids, to be written together with those of the items.
        rows: The trees of all items, where they are flattened already.
    """
    loaded_before, in_v3_before = versions.job_ids(), versions.job_ids(Dialect.V3)
    new = [items[index] for index in versions.add([item.payload for item in items])]
    in_v3 = versions.job_ids(Dialect.V3)
    changed = [item for item in new if item.tree is not None]
    alone = [item for item in changed if versions.makes_tree_alone(item.payload)]
    append_payloads(connection, source, [item.payload for item in new])
    trees = {item.payload.job_id: item.tree for item in alone if item.tree is not None}
    others = {item.payload.job_id for item in changed} - trees.keys()
    if others:
        trees |= _stored_trees(connection, source, sorted(others))
    update_ids(connection, source, [*_id_updates(items, trees, in_v3_before, in_v3), *updates])
    if rows is None or any(trees.get(item.payload.job_id) is not item.tree for item in items):
        rows = flatten(list(trees.values()))
    row_count = replace_trees(connection, source, rows, [job_id for job_id in trees if job_id in loaded_before])
    read = [item.payload.job_id for item in items if item.tree is not None]
    touch_observed_at(connection, source, [job_id for job_id in read if job_id not in trees])
    return RunCounts(fetched=len(changed), unchanged=len(read) - len(changed), rows=row_count)


def _id_updates(
    items: Sequence[LoadItem], trees: dict[str, ParsedPayload], in_v3_before: set[str], in_v3: set[str]
) -> list[IdUpdate]:
    """Return what the bodies of each job say of its id; the sets are of jobs with a v3 payload, before and by now."""
    updates: dict[str, IdUpdate] = {}
    for item in items:
        job_id, is_v3 = item.payload.job_id, item.payload.dialect == Dialect.V3
        before = updates.get(job_id, IdUpdate(job_id, None, 0, None))
        if job_id in trees:
            tree_dialect, state = trees[job_id].dialect, _state_of(trees[job_id])
        else:
            tree_dialect, state = Dialect.V3 if job_id in in_v3 else Dialect.V2, before.state
        # What v2 says of a job does not make its v3 tree any younger, whichever of them came first.
        is_of_tree = item.tree is not None and (is_v3 or tree_dialect == Dialect.V2)
        times = [before.fetched_at, item.payload.fetched_at if is_of_tree else None]
        updates[job_id] = IdUpdate(
            job_id,
            "dead" if item.tree is None else state,
            before.attempts + item.attempts,
            max((time for time in times if time is not None), default=None),
            before.replaces_time or (is_of_tree and is_v3 and job_id not in in_v3_before),
        )
    return list(updates.values())


def _state_of(tree: ParsedPayload) -> str | None:
    if tree.dialect == Dialect.V2:
        return None  # the list of v2 may be stale: only v3 ends a job
    return "finished" if tree.is_terminal else "running"


def _stored_trees(connection: Connection, source: str, job_ids: Sequence[str]) -> dict[str, ParsedPayload]:
    """Return the trees that the stored payloads of some jobs make."""
    stored = read_payloads(connection, source, job_ids)
    trees = {
        job_id: tree_of(job_id, list(payloads)) for job_id, payloads in groupby(stored, key=lambda one: one.job_id)
    }
    return {job_id: tree for job_id, tree in trees.items() if tree is not None}
