"""The run config of a fetch, and the plans that follow from it."""

from collections.abc import Sequence

import dagster as dg
import msgspec
from pydantic import Field

from cce_etl.errors import ConfigError
from cce_etl.extract.id_lists import is_valid_id
from cce_etl.pipeline.plan import Clock, FetchPlan, IdList, plan_open_jobs, read_id_list, register, registered_by_run
from cce_etl.settings.settings import Settings
from cce_etl.settings.sources import read_sources, require_source
from cce_etl.timestamps import parse_timestamp
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.job_ids import known_ids, listed_since, reopen

ORIGIN = "run config"


class FetchConfig(dg.Config):
    """What one run fetches. Without any field it fetches as every night; each field changes or narrows that."""

    refetch: bool = Field(
        default=False,
        description="Also fetch finished jobs again; without other fields, every known job. Earlier bodies are kept.",
    )
    ids: list[str] = Field(
        default=[],
        description="Fetch only these ids, known or new. With several sources, name one of them in `sources`.",
    )
    since: str | None = Field(
        default=None,
        description="Fetch only ids first listed at this time or later: 2026-03-01, or 2026-03-01T12:00:00Z (UTC).",
    )
    sources: list[str] = Field(
        default=[],
        description="Fetch only from these sources, given by name.",
    )
    id_files: list[str] = Field(
        default=[],
        description="Fetch the ids in these files instead of those in CCE_JOB_IDS. The inbox sets this field.",
    )


def plan_run(
    connection: Connection, settings: Settings, config: FetchConfig, run_id: str, clock: Clock
) -> list[FetchPlan]:
    """Return what a run fetches from each source.

    A list that an earlier step of the run has registered is not read again.

    Raises:
        ConfigError: A source, id or time is invalid, or ids are given for several sources at once.
    """
    selected = select_sources(settings, config.sources)
    if config.ids and len(selected) > 1:
        names = ", ".join(require_source(one).name for one in selected)
        raise ConfigError(f"The run config names ids, and there are several sources: {names}. Name one in sources.")
    return [
        msgspec.structs.replace(plan, id_list=_id_list(connection, plan, config, run_id, clock))
        for plan in plan_open_jobs(selected, clock)
    ]


def reopen_finished(connection: Connection, plans: Sequence[FetchPlan], config: FetchConfig) -> None:
    """Mark the finished jobs of plans as open again where the config asks to fetch them again."""
    for plan in plans:
        if config.refetch and plan.id_list is not None:
            reopen(connection, plan.source.name, plan.id_list.job_ids)


def select_sources(settings: Settings, names: Sequence[str]) -> list[Settings]:
    """Return the settings of the named sources, or of all without names; raise ConfigError for an unknown name."""
    found = {one.source or require_source(one).name: one for one in read_sources(settings)}
    missing = [name for name in names if name not in found]
    if missing:
        raise ConfigError(f"There is no source {', '.join(missing)}; there are {', '.join(found)}.")
    return [found[name] for name in names] or list(found.values())


def _id_list(connection: Connection, plan: FetchPlan, config: FetchConfig, run_id: str, clock: Clock) -> IdList | None:
    source = plan.source.name
    if config.ids:
        id_list: IdList | None = IdList(ORIGIN, _valid_ids(config.ids))
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
    recent = set(listed_since(connection, source, _parse_since(since)))
    return msgspec.structs.replace(id_list, job_ids=[job_id for job_id in id_list.job_ids if job_id in recent])


def _valid_ids(job_ids: Sequence[str]) -> list[str]:
    bad = [job_id for job_id in job_ids if not is_valid_id(job_id)]
    if bad:
        raise ConfigError(f"{len(bad)} of the ids in the run config are not job ids; the first is {bad[0][:40]!r}.")
    return list(dict.fromkeys(job_ids))


def _parse_since(text: str) -> int:
    try:
        instant = parse_timestamp(f"{text}T00:00:00Z" if len(text) == 10 else text)
    except ValueError:
        instant = None
    if instant is None:
        raise ConfigError(f"since in the run config is {text!r}: write 2026-03-01, or 2026-03-01T12:00:00Z.")
    return instant
