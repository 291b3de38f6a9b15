"""The run config of a fetch, and the plans that follow from it."""

from collections.abc import Sequence

import msgspec
from dagster import Config
from pydantic import Field

from cce_etl.errors import ConfigError
from cce_etl.extract.id_lists import is_valid_id
from cce_etl.pipeline.plan import (
    Clock,
    FetchPlan,
    IdList,
    plan_open_jobs,
    read_id_list,
    register,
    registered_by_run,
)
from cce_etl.settings.settings import Settings
from cce_etl.settings.sources import read_sources, require_source
from cce_etl.timestamps import parse_timestamp
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.job_ids import known_ids, listed_since, reopen

ORIGIN = "run config"


class FetchConfig(Config):
    """Narrow or widen what one run fetches; each field narrows further, and without any the run is as every night."""

    refetch: bool = Field(
        default=False,
        description="Fetch finished jobs again too; alone, every job known. What changed is kept beside what was.",
    )
    ids: list[str] = Field(
        default=[],
        description="Fetch these ids alone, known or new. With several sources, name one in `sources`.",
    )
    since: str | None = Field(
        default=None,
        description="Fetch only ids first listed at this time or later: 2026-03-01, or 2026-03-01T12:00:00Z (UTC).",
    )
    sources: list[str] = Field(
        default=[],
        description="Ask these sources alone, by the names their rows carry.",
    )
    id_files: list[str] = Field(
        default=[],
        description="Fetch the ids in these lists instead of those that CCE_JOB_IDS names. The inbox sets it.",
    )


def plan(connection: Connection, settings: Settings, config: FetchConfig, run_id: str, clock: Clock) -> list[FetchPlan]:
    """Return what to fetch from each source, and reopen finished jobs where the config asks for them.

    Raises:
        ConfigError: A source, id or time is none, or ids are given for several sources at once.
    """
    plans = narrowed(connection, settings, config, run_id, clock)
    for one in plans:
        if config.refetch and one.id_list is not None:
            reopen(connection, one.source.name, one.id_list.job_ids)
    return plans


def narrowed(
    connection: Connection, settings: Settings, config: FetchConfig, run_id: str, clock: Clock
) -> list[FetchPlan]:
    """Return what to fetch from each source, of finished jobs only those that were reopened before.

    A list that an earlier step of the run has registered is not read again.

    Raises:
        ConfigError: As `plan`.
    """
    chosen = chosen_settings(settings, config.sources)
    if config.ids and len(chosen) > 1:
        names = ", ".join(require_source(one).name for one in chosen)
        raise ConfigError(f"The run config names ids, and there are several sources: {names}. Name one in sources.")
    plans = []
    for one in plan_open_jobs(chosen, clock):
        id_list = _id_list(connection, one, config, run_id, clock)
        plans.append(msgspec.structs.replace(one, id_list=id_list))
    return plans


def chosen_settings(settings: Settings, names: Sequence[str]) -> list[Settings]:
    """Return the settings of the named sources, of all without names; raise ConfigError for a name that is none."""
    found = {one.source or require_source(one).name: one for one in read_sources(settings)}
    missing = [name for name in names if name not in found]
    if missing:
        raise ConfigError(f"There is no source {', '.join(missing)}; there are {', '.join(found)}.")
    return [found[name] for name in names] or list(found.values())


def _id_list(connection: Connection, plan: FetchPlan, config: FetchConfig, run_id: str, clock: Clock) -> IdList | None:
    source = plan.source.name
    if config.ids:
        id_list: IdList | None = IdList(ORIGIN, _valid(config.ids))
    elif config.id_files:
        id_list = read_id_list(plan.settings, config.id_files)
    else:
        id_list = registered_by_run(connection, run_id, source)
        if id_list is not None:
            return _listed_since(connection, source, id_list, config.since)
        id_list = read_id_list(plan.settings)
    if id_list is not None:
        register(connection, run_id, source, id_list, clock)
    elif config.refetch or config.since:
        id_list = IdList(ORIGIN, known_ids(connection, source))
    return id_list and _listed_since(connection, source, id_list, config.since)


def _listed_since(connection: Connection, source: str, id_list: IdList, since: str | None) -> IdList:
    if since is None:
        return id_list
    recent = set(listed_since(connection, source, _instant(since)))
    return msgspec.structs.replace(id_list, job_ids=[job_id for job_id in id_list.job_ids if job_id in recent])


def _valid(job_ids: Sequence[str]) -> list[str]:
    bad = [job_id for job_id in job_ids if not is_valid_id(job_id)]
    if bad:
        raise ConfigError(f"{len(bad)} of the ids in the run config are no job ids: the first is {bad[0][:40]!r}.")
    return list(dict.fromkeys(job_ids))


def _instant(text: str) -> int:
    try:
        instant = parse_timestamp(f"{text}T00:00:00Z" if len(text) == 10 else text)
    except ValueError:
        instant = None
    if instant is None:
        raise ConfigError(f"since in the run config is {text!r}: write 2026-03-01, or 2026-03-01T12:00:00Z.")
    return instant
