"""What a run has to fetch, source by source: lists, what discovery finds, failures to try again.

Lives here: one errand a source, and the sum of their accounts.
Does not: fetching itself (`pipeline`), what a source is (`sources`).
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import msgspec

from cce_etl.errors import CceEtlError, ConfigError, WarehouseBusyError
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.discover import DiscoveryReport
from cce_etl.pipeline.discover import discover as discover_source
from cce_etl.pipeline.fetch import Clock, Progress, ignore_progress
from cce_etl.pipeline.load import replay_job_payloads
from cce_etl.pipeline.run import Listing
from cce_etl.settings.settings import Settings
from cce_etl.settings.sources import read_sources, require_source
from cce_etl.warehouse import dead_letters as accounts
from cce_etl.warehouse import job_ids as ids
from cce_etl.warehouse.connection import Connection, storage_of
from cce_etl.warehouse.fetch_runs import RunCounts


class Errand(msgspec.Struct, frozen=True):
    """Hold what to fetch from one source; without a listing, every job known that has not ended."""

    settings: Settings
    listing: Listing | None


class Outcome(msgspec.Struct, frozen=True):
    """Hold the account of all errands, and the errors that stopped some of them, by source."""

    summary: RunCounts
    stopped: dict[str, CceEtlError]

    def raise_first(self) -> None:
        """Raise the first error that stopped an errand, when there is one."""
        for error in self.stopped.values():
            raise error


def everywhere(settings: Settings) -> list[Errand]:
    """Return an errand a source, without reading any list; raise ConfigError when a setting is missing or wrong."""
    sources = read_sources(settings)
    for one in sources:
        pipeline.require_access(one)
    return [Errand(one, None) for one in sources]


def plan(settings: Settings, files: Sequence[str]) -> list[Errand]:
    """Return an errand a source, from `files`, else from the lists its settings name.

    Raises ConfigError when a setting is missing or wrong, when a list cannot be read, and when `files` are given for
    several sources at once.
    """
    sources = read_sources(settings)
    if files and len(sources) > 1:
        names = ", ".join(str(one.source) for one in sources)
        raise ConfigError(f"A list is of one source, and there are several: {names}. Name one with --source.")
    for one in sources:
        pipeline.require_access(one)
    return [Errand(one, pipeline.list_ids(one, files)) for one in sources]


def discover(connection: Connection, errands: Sequence[Errand], clock: Clock = time.time_ns) -> list[DiscoveryReport]:
    """Ask the lists of every source, and write down what they give."""
    found = []
    for errand in errands:
        with _turn(connection, errand):
            found.append(discover_source(connection, errand.settings, clock))
    return found


def _turn(connection: Connection, errand: Errand) -> AbstractContextManager[None]:
    return storage_of(connection).source_lock(
        connection, require_source(errand.settings).name, errand.settings.lock_wait_seconds
    )


def with_open_ids(connection: Connection, errands: Sequence[Errand]) -> list[Errand]:
    """Return the errands with every job known that has not ended added to their lists."""
    return [Errand(errand.settings, _widened(connection, errand)) for errand in errands]


def _widened(connection: Connection, errand: Errand) -> Listing | None:
    listing = errand.listing
    if listing is None:
        return None
    known = ids.open_ids(connection, require_source(errand.settings).name)
    return Listing(listing.origin, list(dict.fromkeys([*listing.job_ids, *known])), listing.bad)


def to_retry(connection: Connection, errands: Sequence[Errand]) -> list[Errand]:
    """Return errands for the jobs with open dead letters alone."""
    return [Errand(errand.settings, Listing("dead letters", _letter_ids(connection, errand), [])) for errand in errands]


def _letter_ids(connection: Connection, errand: Errand) -> list[str]:
    return accounts.open_dead_letter_ids(connection, require_source(errand.settings).name)


def fetch(
    connection: Connection,
    errands: Sequence[Errand],
    *,
    clock: Clock = time.time_ns,
    run_id: str = "",
    command: str = "run",
    deep_levels: int = 0,
    on_progress: Callable[[Progress], None] = ignore_progress,
) -> Outcome:
    """Fetch every errand in turn; what stops one source does not stop the others.

    Raises WarehouseError and Interrupted at once: they concern all, but for a source that another process fetches.
    """
    summaries: list[RunCounts] = []
    stopped: dict[str, CceEtlError] = {}
    for errand in errands:
        try:
            with _turn(connection, errand):
                attempt = pipeline.fetch(
                    connection,
                    errand.settings,
                    errand.listing,
                    clock=clock,
                    run_id=run_id,
                    command=command,
                    deep_levels=deep_levels,
                    on_progress=on_progress,
                )
        except (ConfigError, WarehouseBusyError) as error:
            stopped[str(errand.settings.source)] = error
            continue
        summaries.append(attempt.summary)
        if attempt.stopped_by is not None:
            stopped[require_source(errand.settings).name] = attempt.stopped_by
    return Outcome(_total(summaries), stopped)


def replay_dead_letters(connection: Connection, clock: Clock = time.time_ns) -> int:
    """Read again the stored bodies of jobs with open dead letters; return how many came through."""
    return sum(
        replay_job_payloads(connection, source, accounts.open_dead_letter_ids(connection, source), clock())
        for source in ids.sources(connection)
    )


def _total(summaries: Sequence[RunCounts]) -> RunCounts:
    fields = RunCounts.__struct_fields__
    return RunCounts(**{name: sum(getattr(summary, name) for summary in summaries) for name in fields})
