"""Fetching planned jobs into the warehouse, a batch of answers a transaction, while further requests are under way."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from cce_etl import telemetry
from cce_etl.errors import ApiError, CceEtlError, ConfigError, Interrupted, WarehouseBusyError
from cce_etl.extract.client import Client, Failed, Fetched, FetchPolicy
from cce_etl.extract.id_lists import is_valid_id
from cce_etl.extract.worker_pool import Outcome, fetch_all
from cce_etl.pipeline.load import store_outcomes
from cce_etl.pipeline.plan import Clock, FetchPlan, IdList
from cce_etl.settings.settings import Settings
from cce_etl.warehouse import job_ids
from cce_etl.warehouse.connection import Connection, storage_of, transaction
from cce_etl.warehouse.fetch_runs import FetchRun, RunCounts, record_run
from cce_etl.warehouse.jobs import bulk_loading

# At the default rate limit the seconds end a batch. Without a limit, 1,000 jobs cost a fifth less CPU each than 500,
# because a transaction has a cost of its own.
BATCH_JOBS: Final = 1_000
BATCH_SECONDS: Final = 5.0
BATCH_BYTES: Final = 64 * 1024 * 1024
# The most that one run asks for by a step's own id: with ten such steps a job, these are 1,000 jobs.
DEEP_JOBS: Final = 10_000
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


class Progress(msgspec.Struct, frozen=True):
    """How far a run is."""

    total: int
    done: int
    failed: int


OnProgress = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """Show nothing."""


class FetchResult(msgspec.Struct, frozen=True):
    """The counts of a run over all its sources, and the errors that stopped some of them, by source.

    The ids that a stopped source did not come to count as failed. They stay pending.
    """

    counts: RunCounts
    stopped: dict[str, CceEtlError]

    def raise_first(self) -> None:
        """Raise the first error that stopped a source, if there is one."""
        for error in self.stopped.values():
            raise error


class _End(msgspec.Struct, frozen=True):
    """The last item of the queue; `error` is what ended the requests early."""

    error: BaseException | None


_Queue = asyncio.Queue[Outcome | _End]


def policy_of(settings: Settings) -> FetchPolicy:
    """Return the limits of requests that the settings name."""
    return FetchPolicy(
        max_attempts=settings.max_attempts,
        timeout_seconds=settings.timeout_seconds,
        max_body_bytes=settings.max_body_bytes,
        concurrency=settings.concurrency,
        rate_limit=settings.rate_limit,
    )


def fetch(
    connection: Connection,
    plans: Sequence[FetchPlan],
    run_id: str,
    *,
    clock: Clock = time.time_ns,
    command: str = "run",
    deep_levels: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> FetchResult:
    """Fetch every plan in turn into raw and core; an error that stops one source does not stop the others.

    The ids of a plan's list must be registered. Jobs known to have ended are skipped.

    Args:
        command: What raw.fetch_runs calls this run.
        deep_levels: How many levels of steps without sub-jobs to ask for by their own ids afterwards, because the API
            may have cut off the tree below them. Each id is asked for once, DEEP_JOBS at most.

    Raises:
        Interrupted: A signal came. What was fetched is kept.
        WarehouseError: The warehouse cannot be written.
    """
    results: list[RunCounts] = []
    stopped: dict[str, CceEtlError] = {}
    for plan in plans:
        name = plan.source.name
        try:
            with storage_of(connection).source_lock(connection, name, plan.settings.lock_wait_seconds):
                counts, error = _fetch_source(connection, plan, run_id, clock, command, deep_levels, on_progress)
        except WarehouseBusyError as busy:
            stopped[name] = busy
            continue
        results.append(counts)
        if error is not None:
            stopped[name] = error
    total = {field: sum(getattr(one, field) for one in results) for field in RunCounts.__struct_fields__}
    return FetchResult(RunCounts(**total), stopped)


def _fetch_source(
    connection: Connection,
    plan: FetchPlan,
    run_id: str,
    clock: Clock,
    command: str,
    deep_levels: int,
    on_progress: OnProgress,
) -> tuple[RunCounts, ApiError | ConfigError | None]:
    source = plan.source
    id_list = plan.id_list or IdList("warehouse", job_ids.open_ids(connection, source.name))
    # Ids of payloads that were loaded from files are any text. Only what can be an id goes into a URL.
    listed = [job_id for job_id in id_list.job_ids if is_valid_id(job_id)]
    policy = policy_of(plan.settings)
    finished = job_ids.finished_ids(connection, source.name, listed)
    autopilot_ids = job_ids.autopilot_ids(connection, source.name)
    counts = RunCounts(
        requested=len(listed) + id_list.bad_entry_count, skipped=len(finished), failed=id_list.bad_entry_count
    )
    started_at, started = clock(), time.perf_counter()
    client = Client(source.endpoint, source.project_id, plan.sign_in.auth, policy, clock)
    client.autopilot_job_ids = autopilot_ids
    ingest = Ingest(connection, source.name, client, counts, clock, on_progress)
    stopped_by: ApiError | ConfigError | None = None
    with telemetry.phase("fetch", source=source.name) as report:
        try:
            asyncio.run(ingest.run([job_id for job_id in listed if job_id not in finished], deep_levels))
        except (ApiError, ConfigError) as error:
            stopped_by = error
            counts.failed = counts.requested - counts.skipped - counts.fetched - counts.unchanged - counts.gone
        finally:
            counts.seconds = round(time.perf_counter() - started, 3)
            statistics = client.statistics
            run = FetchRun(
                run_id=run_id,
                source=source.name,
                command=command,
                started_at=started_at,
                ended_at=clock(),
                counts=counts,
                request_count=statistics.request_count,
                retry_count=statistics.retry_count,
                throttled_count=statistics.throttled_count,
                received_bytes=statistics.received_bytes,
                waited_seconds=client.rate_limiter.waited_seconds,
                p50_latency_seconds=statistics.latency_quantile(0.50),
                p95_latency_seconds=statistics.latency_quantile(0.95),
            )
            record_run(connection, run)
            report(run.figures())
    return counts, stopped_by


class Ingest(msgspec.Struct, frozen=True):
    """The fetching and writing of one source's jobs, counted in `counts`."""

    connection: Connection
    source: str
    client: Client
    counts: RunCounts
    clock: Clock
    on_progress: OnProgress

    async def run(self, wanted: Sequence[str], deep_levels: int) -> None:
        """Ingest the wanted jobs, then `deep_levels` levels of steps that show no sub-jobs.

        Raises what stops a run (AuthError, ConfigError, ApiError, Interrupted) after the last batch is written, and
        WarehouseError at once.
        """
        left = DEEP_JOBS
        async with self.client:
            await self.ingest(wanted)
            for _ in range(deep_levels):
                found = job_ids.unfetched_leaves(self.connection, self.source, left)
                leaves = [leaf for leaf in found if is_valid_id(leaf.job_id)]
                if not leaves:
                    return
                with transaction(self.connection):
                    for is_autopilot in (False, True):
                        ids = [leaf.job_id for leaf in leaves if leaf.is_autopilot is is_autopilot]
                        job_ids.register_ids(
                            self.connection, self.source, "deep", ids, self.clock(), is_autopilot=is_autopilot
                        )
                self.client.autopilot_job_ids |= {leaf.job_id for leaf in leaves if leaf.is_autopilot}
                left -= len(leaves)
                self.counts.requested += len(leaves)
                await self.ingest([leaf.job_id for leaf in leaves])

    async def ingest(self, wanted: Sequence[str]) -> None:
        """Fetch the ids with the open client, and write what comes in batches. Raises as `run` does."""
        queue: _Queue = asyncio.Queue(maxsize=2 * self.client.concurrency)
        producer = asyncio.create_task(self._produce(wanted, queue))
        try:
            with _cancelled_by_signals(producer) as received, bulk_loading(self.connection):
                end = await self._write_all(queue)
        finally:
            producer.cancel()
            while not queue.empty():  # so that the producer can put its end, and does not wait for a reader for ever
                queue.get_nowait()
        if received:
            counts = self.counts
            done = counts.fetched + counts.unchanged + counts.gone + counts.failed
            raise Interrupted(
                f"Stopped by {received[0].name}: {done} of {counts.requested - counts.skipped} jobs are done and kept. "
                "Run the same command again to go on.",
                signal_number=received[0],
            )
        if end.error:
            raise end.error

    async def _produce(self, wanted: Sequence[str], queue: _Queue) -> None:
        done = failed = 0

        async def receive(outcome: Outcome) -> None:
            nonlocal done, failed
            done += 1
            failed += isinstance(outcome, Failed)
            self.on_progress(Progress(len(wanted), done, failed))
            await queue.put(outcome)

        error: BaseException | None = None
        try:
            await fetch_all(self.client, wanted, receive)
        except (Exception, asyncio.CancelledError) as caught:  # noqa: BLE001  handed to the writer, which raises it
            error = caught
        await queue.put(_End(error))

    async def _write_all(self, queue: _Queue) -> _End:
        """Write each batch in a thread while the next one is collected, so that requests go on while DuckDB works.

        A failure to write is raised at once, even when no further answer comes.
        """
        end: _End | None = None
        writing: asyncio.Future[None] = asyncio.ensure_future(asyncio.sleep(0))
        while end is None:
            collecting = asyncio.ensure_future(_next_batch(queue))
            try:
                (outcomes, end), _ = await asyncio.gather(collecting, writing)
            finally:
                collecting.cancel()
            if end and end.error:  # the error stands for all ids that failed with it, so they get no dead letters
                outcomes = [outcome for outcome in outcomes if not isinstance(outcome, Failed)]
            if outcomes:
                write = asyncio.to_thread(
                    store_outcomes, self.connection, self.source, outcomes, self.counts, self.clock()
                )
                writing = asyncio.ensure_future(write)
        await writing
        return end


async def _next_batch(queue: _Queue) -> tuple[list[Outcome], _End | None]:
    """Return the outcomes of the next batch, and the end when it has come."""
    outcomes: list[Outcome] = []
    size = 0
    try:
        async with asyncio.timeout(BATCH_SECONDS):
            while len(outcomes) < BATCH_JOBS and size < BATCH_BYTES:
                item = queue.get_nowait() if not queue.empty() else await queue.get()
                if isinstance(item, _End):
                    return outcomes, item
                size += len(item.body) if isinstance(item, Fetched) else 0
                outcomes.append(item)
    except TimeoutError:
        pass
    return outcomes, None


@contextmanager
def _cancelled_by_signals(task: "asyncio.Task[None]") -> Iterator[list[signal.Signals]]:
    """Cancel the task on SIGINT or SIGTERM, and yield the list of those that came; restore the handlers afterwards."""
    received: list[signal.Signals] = []
    if threading.current_thread() is not threading.main_thread():
        yield received  # only the main thread may handle signals
        return

    def stop(number: signal.Signals) -> None:
        if not received:  # a second cancel would interrupt the task while it ends in good order
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
