"""What a run fetches: one plan a source, from lists of job ids, from the API's own lists, or from earlier runs."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.extract.id_lists import BadId, expand_patterns, read_id_lists
from cce_etl.extract.sign_in import SignIn, choose_sign_in
from cce_etl.settings.settings import Settings
from cce_etl.settings.sources import Source, read_sources, require_source
from cce_etl.warehouse import job_ids
from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.dead_letters import open_dead_letter_ids

Clock = Callable[[], int]
"""A clock that returns nanoseconds since 1970 UTC."""


class IdList(msgspec.Struct, frozen=True):
    """Job ids to fetch, where they come from, and the entries that are no job ids."""

    origin: str
    job_ids: list[str]
    bad: list[BadId] = []
    bad_entry_count: int = 0


class FetchPlan(msgspec.Struct, frozen=True):
    """What to fetch from one source; without an id list, every known job that has not ended."""

    settings: Settings
    source: Source
    sign_in: SignIn
    id_list: IdList | None = None


def plan_fetches(settings: Settings, files: Sequence[str] = (), clock: Clock = time.time_ns) -> list[FetchPlan]:
    """Return a plan a source, from `files`, else from the lists that its settings name.

    Raises:
        ConfigError: A setting is missing or wrong, a list cannot be read, or `files` are given for several sources.
    """
    sources = read_sources(settings)
    if files and len(sources) > 1:
        names = ", ".join(str(one.source) for one in sources)
        raise ConfigError(f"A list is of one source, and there are several: {names}. Name one with --source.")
    plans = plan_open_jobs(sources, clock)
    return [msgspec.structs.replace(plan, id_list=read_id_list(plan.settings, files)) for plan in plans]


def plan_open_jobs(sources: Iterable[Settings], clock: Clock = time.time_ns) -> list[FetchPlan]:
    """Return a plan for each source's known jobs that have not ended.

    Raises:
        ConfigError: A setting that fetching needs is missing or wrong.
    """
    plans = []
    for one in sources:
        source = require_source(one)
        plans.append(FetchPlan(one, source, choose_sign_in(one, source, clock)))
    return plans


def read_id_list(settings: Settings, files: Sequence[str] = ()) -> IdList | None:
    """Return the ids in `files`, else in the lists that CCE_JOB_IDS names; None when there are neither.

    Raises:
        ConfigError: A list cannot be read.
    """
    paths = list(files) or (expand_patterns(settings.job_ids) if settings.job_ids else [])
    if not paths:
        return None
    found = read_id_lists(paths)
    names = ["standard input" if path == "-" else path.encode(errors="replace").decode() for path in paths]
    return IdList(", ".join(names), found.job_ids, found.bad, len(found.bad))


def register(connection: Connection, run_id: str, source: str, id_list: IdList, clock: Clock = time.time_ns) -> None:
    """Write the ids of a list to raw.job_ids, the new ones as pending, and note that this run has read the list."""
    with transaction(connection):
        now = clock()
        job_ids.register_ids(connection, source, id_list.origin, id_list.job_ids, now)
        job_ids.record_id_list(connection, run_id, source, id_list.origin, now, id_list.bad_entry_count)


def registered_by_run(connection: Connection, run_id: str, source: str) -> IdList | None:
    """Return the list that an earlier step of this run has registered for a source; None when none has."""
    found = job_ids.registered_list(connection, run_id, source)
    if found is None:
        return None
    origin, ids, bad_entry_count = found
    return IdList(origin, ids, bad_entry_count=bad_entry_count)


def with_open_jobs(connection: Connection, plans: Iterable[FetchPlan]) -> Iterator[FetchPlan]:
    """Yield the plans, their lists widened by every known job that has not ended."""
    for plan in plans:
        if plan.id_list is None:
            yield plan
        else:
            known = job_ids.open_ids(connection, plan.source.name)
            wider = msgspec.structs.replace(plan.id_list, job_ids=list(dict.fromkeys(plan.id_list.job_ids + known)))
            yield msgspec.structs.replace(plan, id_list=wider)


def of_open_dead_letters(connection: Connection, plans: Iterable[FetchPlan]) -> Iterator[FetchPlan]:
    """Yield the plans narrowed to the jobs with an open dead letter."""
    for plan in plans:
        ids = open_dead_letter_ids(connection, plan.source.name)
        yield msgspec.structs.replace(plan, id_list=IdList("dead letters", ids))
