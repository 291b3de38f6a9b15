"""The flow, drawn once: ids, fetch, land, flatten, load, build, publish.

Lives here: the order of things, batches and their checkpoints, the account of a run. Dagster and the CLI call the same.
Does not: HTTP (`extract/`), SQL (`warehouse/`, sql/), what becomes of an answer (`batch`).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from cce_etl import telemetry
from cce_etl.errors import ApiError, ConfigError
from cce_etl.extract.client import Client
from cce_etl.extract.id_lists import BadId, expand_patterns, is_valid_id, read_id_lists
from cce_etl.extract.payload_files import in_batches, read_ahead, read_saved
from cce_etl.extract.sign_in import choose_sign_in
from cce_etl.models.build import build_models
from cce_etl.models.computed import code_version
from cce_etl.models.model import Model, read_checks, read_models, run_check, sql_directory
from cce_etl.pipeline.deep_ingest import ingest_deep
from cce_etl.pipeline.fetch import BATCH_BYTES, Clock, Progress, ignore_progress, policy_of
from cce_etl.pipeline.load import read_batch, rebuild_trees, store_batch
from cce_etl.publish.publish import publish as publish_copy
from cce_etl.settings.settings import NO_TARGETS, Settings, Slo
from cce_etl.settings.sources import require_source
from cce_etl.warehouse import job_ids as job_ids_table
from cce_etl.warehouse.connection import Connection, storage_of, transaction, unlocked_transaction
from cce_etl.warehouse.dead_letters import resolve_file_dead_letters
from cce_etl.warehouse.fetch_runs import FetchRun, RunCounts, record_run
from cce_etl.warehouse.jobs import bulk_loading, clear_core

# A file's records cost no request to read again, so its batches may be larger than those of a fetch; two are in memory.
LOAD_RECORDS: Final = 2_000
_NO_COUNTS: Final = ("_at", "_latency_seconds")


class Listing(msgspec.Struct, frozen=True):
    """Hold the ids to fetch, where they come from, and the entries that are no ids."""

    origin: str
    job_ids: list[str]
    bad: list[BadId]


class Attempt(msgspec.Struct, frozen=True):
    """Hold the account of a fetch, and what stopped it before its end, if anything did.

    The ids it did not come to then count as failed; they stay pending.
    """

    summary: RunCounts
    stopped_by: ApiError | ConfigError | None

    def unstopped(self) -> RunCounts:
        """Return the account of a fetch that went to its end; raise what stopped it when it did not."""
        if self.stopped_by is not None:
            raise self.stopped_by
        return self.summary


class FailedCheck(msgspec.Struct, frozen=True):
    """Name a check that found rows which must not exist, with the first of them."""

    name: str
    description: str
    table: str
    rows: list[dict[str, object]]


def new_run_id() -> str:
    """Return a name for a run that no other run has."""
    return uuid4().hex


def require_access(settings: Settings) -> None:
    """Raise ConfigError when a setting that fetching needs is missing or wrong."""
    choose_sign_in(settings, require_source(settings), time.time_ns)


def list_ids(settings: Settings, files: Sequence[str]) -> Listing | None:
    """Read the ids to fetch from `files`, else from what CCE_JOB_IDS names; None when there is neither.

    Raises ConfigError for a list that cannot be read.
    """
    paths = list(files) or (expand_patterns(settings.job_ids) if settings.job_ids else [])
    if not paths:
        return None
    listed = read_id_lists(paths)
    names = ["standard input" if path == "-" else path.encode(errors="replace").decode() for path in paths]
    return Listing(", ".join(names), listed.job_ids, listed.bad)


def register(connection: Connection, source: str, listing: Listing, clock: Clock) -> None:
    """Write the listed ids to raw.job_ids; new ones are pending."""
    with transaction(connection):
        job_ids_table.register_ids(connection, source, listing.origin, listing.job_ids, clock())


def fetch(
    connection: Connection,
    settings: Settings,
    listing: Listing | None,
    *,
    clock: Clock = time.time_ns,
    run_id: str = "",
    command: str = "run",
    deep_levels: int = 0,
    on_progress: Callable[[Progress], None] = ignore_progress,
) -> Attempt:
    """Fetch the listed jobs that have not ended (without a listing: all such jobs known) into raw and core.

    With `deep_levels`, steps that show no sub-jobs are then asked for by their own id, that many levels down, since
    inlined trees may be cut off; each id once, DEEP_JOBS at most.

    Raises ConfigError for what is missing before it starts, Interrupted and WarehouseError; what was fetched is kept.
    """
    source = require_source(settings)
    sign_in = choose_sign_in(settings, source, clock)
    listing = _to_ask_for(connection, source.name, listing, clock)
    finished = job_ids_table.finished_ids(connection, source.name, listing.job_ids)
    wanted = [job_id for job_id in listing.job_ids if job_id not in finished]
    counts = RunCounts(
        requested=len(listing.job_ids) + len(listing.bad), skipped=len(finished), failed=len(listing.bad)
    )
    started_at, started = clock(), time.perf_counter()
    client = Client(source.endpoint, source.project_id, sign_in.auth, policy_of(settings), clock)
    client.autopilot_job_ids = job_ids_table.autopilot_ids(connection, source.name)
    stopped_by: ApiError | ConfigError | None = None
    with telemetry.phase("fetch", source=source.name) as report:
        try:
            asyncio.run(ingest_deep(connection, source.name, client, wanted, deep_levels, counts, clock, on_progress))
        except (ApiError, ConfigError) as error:
            stopped_by = error
            counts.failed = counts.requested - counts.skipped - counts.fetched - counts.unchanged - counts.gone
        finally:
            run = _fetch_run(run_id or new_run_id(), source.name, command, started_at, clock(), counts, client)
            record_run(connection, run)
            report(_figures(run))
    return Attempt(_with_seconds(counts, started), stopped_by)


def _to_ask_for(connection: Connection, source: str, listing: Listing | None, clock: Clock) -> Listing:
    if listing is None:
        listing = Listing("warehouse", job_ids_table.open_ids(connection, source), [])
    else:
        register(connection, source, listing, clock)
    # Ids from payloads saved earlier are any text; only what can be an id goes into a URL.
    return msgspec.structs.replace(listing, job_ids=[one for one in listing.job_ids if is_valid_id(one)])


def load(
    connection: Connection,
    source: str,
    paths: Sequence[str],
    *,
    clock: Clock = time.time_ns,
    run_id: str = "",
    on_progress: Callable[[Progress], None] = ignore_progress,
) -> RunCounts:
    """Write payloads saved earlier into raw and core, without any network.

    Raises ConfigError for a file that cannot be read, WarehouseError when writing fails.
    """
    counts = RunCounts()
    started_at, started = clock(), time.perf_counter()
    with telemetry.phase("load", source=source) as report:
        try:
            records = in_batches(read_saved(paths), LOAD_RECORDS, BATCH_BYTES)
            with bulk_loading(connection), read_ahead(map(read_batch, records)) as batches:
                for batch in batches:
                    store_batch(connection, source, batch, counts, clock())
                    on_progress(Progress(counts.requested, counts.requested, counts.failed))
            resolve_file_dead_letters(connection, source, [str(Path(path)) for path in paths], started_at)
        finally:
            run = _fetch_run(run_id or new_run_id(), source, "load", started_at, clock(), counts, None)
            record_run(connection, run)
            report(_figures(run))
    return _with_seconds(counts, started)


def replay(connection: Connection) -> int:
    """Make core.jobs anew from raw alone, in one transaction; return its rows."""
    rows = 0
    with transaction(connection):
        clear_core(connection)
        for source in job_ids_table.sources(connection):
            known = job_ids_table.known_ids(connection, source)
            for start in range(0, len(known), LOAD_RECORDS):
                rows += rebuild_trees(connection, source, known[start : start + LOAD_RECORDS])
    return rows


@cache
def models() -> list[Model]:
    """Return every model, each after all that it selects from."""
    found = read_models(sql_directory())
    if not found:
        raise ConfigError(f"There are no models under {sql_directory()}. Install the project again.")
    return found


def build(connection: Connection, slo: Slo = NO_TARGETS) -> dict[str, int]:
    """Bring every model's table up to date, steps held to `slo`; return the rows of each."""
    with telemetry.phase("build") as report:
        rows = build_models(connection, models(), code_version(), slo)
        report({"model_row_count": sum(rows.values())})
    return rows


def check(connection: Connection) -> list[FailedCheck]:
    """Run every check; return those that found rows which must not exist."""
    failed = []
    with telemetry.phase("check") as report:
        with (
            storage_of(connection).build_lock(connection, is_shared=True),
            unlocked_transaction(connection),
        ):  # all of them of one moment
            for one in read_checks(sql_directory()):
                rows = run_check(connection, one)
                if rows:
                    failed.append(FailedCheck(one.name, one.description, one.table, rows))
        report({"failed_check_count": len(failed)})
    return failed


def complete(connection: Connection, settings: Settings, run_id: str, clock: Clock = time.time_ns) -> list[FailedCheck]:
    """Build every model, run the checks, publish; return the checks that failed."""
    build(connection, settings.slo)
    failed = check(connection)
    publish(connection, settings, run_id, clock)
    return failed


def publish(connection: Connection, settings: Settings, run_id: str, clock: Clock = time.time_ns) -> dict[str, int]:
    """Swap in a fresh copy of core and marts for analysts; return the rows of each table."""
    with telemetry.phase("publish") as report:
        published_at = clock()
        rows = publish_copy(connection, settings.warehouse, settings.published, run_id, published_at)
        report({"published_row_count": sum(rows.values())})
        telemetry.tell("published_at", published_at / 1e9)
    return rows


def lasting(summary: RunCounts, more_seconds: float) -> RunCounts:
    """Return the account of a run that went on for some seconds after its rows were written."""
    return msgspec.structs.replace(summary, seconds=round(summary.seconds + more_seconds, 3))


def _with_seconds(counts: RunCounts, started: float) -> RunCounts:
    return msgspec.structs.replace(counts, seconds=round(time.perf_counter() - started, 3))


def _figures(run: FetchRun) -> dict[str, int | float]:
    """Return what is counted of a run: neither who and when, nor percentiles, which do not add up."""
    told = run.columns().items()
    return {name: value for name, value in told if isinstance(value, int | float) and not name.endswith(_NO_COUNTS)}


def _fetch_run(
    run_id: str, source: str, command: str, started_at: int, ended_at: int, counts: RunCounts, client: Client | None
) -> FetchRun:
    return FetchRun(
        run_id=run_id,
        source=source,
        command=command,
        started_at=started_at,
        ended_at=ended_at,
        counts=counts,
        request_count=client.statistics.request_count if client else 0,
        retry_count=client.statistics.retry_count if client else 0,
        throttled_count=client.statistics.throttled_count if client else 0,
        received_bytes=client.statistics.received_bytes if client else 0,
        waited_seconds=client.rate_limiter.waited_seconds if client else 0.0,
        p50_latency_seconds=client.statistics.latency_quantile(0.50) if client else None,
        p95_latency_seconds=client.statistics.latency_quantile(0.95) if client else None,
    )
