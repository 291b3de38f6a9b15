"""Fetched jobs on their way into the warehouse: a bounded queue, batches, a checkpoint each.

Lives here: how fetching and writing overlap, and how a run stops in good order.
Does not: requests (`extract/`), what a batch does (`batch`), which ids to fetch (`pipeline`).
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from cce_etl.errors import Interrupted
from cce_etl.extract.client import Client, Failed, Fetched, FetchPolicy
from cce_etl.extract.worker_pool import Outcome, fetch_all
from cce_etl.pipeline.load import store_outcomes
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.jobs import bulk_loading

Clock = Callable[[], int]
"""Tell the time in nanoseconds since 1970 UTC."""

# At the usual pace the seconds end a batch. Without a pace, 1,000 jobs cost a fifth less CPU each than 500, since a
# transaction has a price of its own.
BATCH_JOBS: Final = 1_000
BATCH_SECONDS: Final = 5.0
BATCH_BYTES: Final = 64 * 1024 * 1024
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


class Progress(msgspec.Struct, frozen=True):
    """Say how far a run is."""

    total: int
    done: int
    failed: int


def ignore_progress(_: Progress) -> None:
    """Watch a run without showing it."""


class _End(msgspec.Struct, frozen=True):
    error: BaseException | None


def policy_of(settings: Settings) -> FetchPolicy:
    """Return how hard to try, as the settings say."""
    return FetchPolicy(
        max_attempts=settings.max_attempts,
        timeout_seconds=settings.timeout_seconds,
        max_body_bytes=settings.max_body_bytes,
        concurrency=settings.concurrency,
        rate_limit=settings.rate_limit,
    )


async def ingest(
    connection: Connection,
    source: str,
    client: Client,
    job_ids: Sequence[str],
    counts: RunCounts,
    clock: Clock,
    on_progress: Callable[[Progress], None],
) -> None:
    """Fetch the ids with an open client and write what comes, a batch a transaction, counting it in `counts`.

    Raises what stops a run (AuthError, ConfigError, ApiError, Interrupted) after the last batch is written, and
    WarehouseError at once.
    """
    inbox: asyncio.Queue[Outcome | _End] = asyncio.Queue(maxsize=2 * client.concurrency)
    producer = asyncio.create_task(_produce(client, job_ids, inbox, on_progress))
    try:
        with _cancelled_by_signals(producer) as received, bulk_loading(connection):
            end = await _write_all(connection, source, inbox, counts, clock)
    finally:
        producer.cancel()
        while not inbox.empty():  # room for its last word, or it would wait for ever for a reader
            inbox.get_nowait()
    if received:
        raise _interrupted(received[0], counts)
    if end.error:
        raise end.error


async def _write_all(
    connection: Connection, source: str, inbox: "asyncio.Queue[Outcome | _End]", counts: RunCounts, clock: Clock
) -> _End:
    """Write a batch in a thread while the next one is collected, so that requests go on while DuckDB works.

    A failure to write is raised at once, though no further answer comes.
    """
    end: _End | None = None
    writing: asyncio.Future[None] = asyncio.ensure_future(asyncio.sleep(0))
    while end is None:
        collecting = asyncio.ensure_future(_next_batch(inbox))
        try:
            (outcomes, end), _ = await asyncio.gather(collecting, writing)
        finally:
            collecting.cancel()
        if end and end.error:  # a stop speaks for all ids: their failures are no letters of their own
            outcomes = [outcome for outcome in outcomes if not isinstance(outcome, Failed)]
        if outcomes:
            write = asyncio.to_thread(store_outcomes, connection, source, outcomes, counts, clock())
            writing = asyncio.ensure_future(write)
    await writing
    return end


@contextmanager
def _cancelled_by_signals(task: "asyncio.Task[None]") -> Iterator[list[signal.Signals]]:
    """Cancel the task on SIGINT or SIGTERM, and tell which came; the handlers from before are put back."""
    received: list[signal.Signals] = []
    if threading.current_thread() is not threading.main_thread():
        yield received  # only the main thread may handle signals
        return

    def stop(number: signal.Signals) -> None:
        if not received:  # once: the task is then ending in good order, and a second time would break that off
            task.cancel()
        received.append(number)

    before = {number: signal.getsignal(number) for number in _STOPPING}
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, stop, number)
    try:
        yield received
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _interrupted(number: signal.Signals, counts: RunCounts) -> Interrupted:
    done = counts.fetched + counts.unchanged + counts.gone + counts.failed
    return Interrupted(
        f"Stopped by {number.name}: {done} of {counts.requested - counts.skipped} jobs are done and kept. "
        "Run the same command again to go on.",
        signal_number=number,
    )


async def _produce(
    client: Client,
    job_ids: Sequence[str],
    inbox: "asyncio.Queue[Outcome | _End]",
    on_progress: Callable[[Progress], None],
) -> None:
    done = failed = 0

    async def receive(outcome: Outcome) -> None:
        nonlocal done, failed
        done += 1
        failed += isinstance(outcome, Failed)
        on_progress(Progress(len(job_ids), done, failed))
        await inbox.put(outcome)

    error: BaseException | None = None
    try:
        await fetch_all(client, job_ids, receive)
    except (Exception, asyncio.CancelledError) as caught:  # noqa: BLE001  handed to the consumer, which raises it
        error = caught
    await inbox.put(_End(error))


async def _next_batch(inbox: "asyncio.Queue[Outcome | _End]") -> tuple[list[Outcome], _End | None]:
    outcomes: list[Outcome] = []
    size = 0
    deadline = asyncio.get_running_loop().time() + BATCH_SECONDS
    while len(outcomes) < BATCH_JOBS and size < BATCH_BYTES:
        try:
            item = await _next_item(inbox, deadline)
        except TimeoutError:
            break
        if isinstance(item, _End):
            return outcomes, item
        size += len(item.body) if isinstance(item, Fetched) else 0
        outcomes.append(item)
    return outcomes, None


async def _next_item(inbox: "asyncio.Queue[Outcome | _End]", deadline: float) -> Outcome | _End:
    if not inbox.empty():
        return inbox.get_nowait()
    async with asyncio.timeout_at(deadline):
        return await inbox.get()
