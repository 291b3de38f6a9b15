"""What one run is to fetch other than usual, as typed run config, and the errands that follow from it.

Lives here: refetch, ids, since, sources, id files. Does not: what is fetched as usual (`errands`).
"""

from collections.abc import Sequence

import msgspec
from dagster import Config
from pydantic import Field

from cce_etl.errors import ConfigError
from cce_etl.extract.id_lists import is_valid_id
from cce_etl.pipeline import plan as errands
from cce_etl.pipeline.plan import Errand
from cce_etl.pipeline.run import Listing
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


def plan(connection: Connection, settings: Settings, config: FetchConfig) -> list[Errand]:
    """Return what to fetch from each source, and open finished jobs again where they are asked for.

    Raises as `narrowed` does.
    """
    todo = narrowed(connection, settings, config)
    for errand in todo:
        if config.refetch and errand.listing is not None:
            reopen(connection, require_source(errand.settings).name, errand.listing.job_ids)
    return todo


def narrowed(connection: Connection, settings: Settings, config: FetchConfig) -> list[Errand]:
    """Return what to fetch from each source, and write nothing: of finished jobs, those opened again before.

    Raises ConfigError for a source, id or time that is none, and when ids are given for several sources at once.
    """
    chosen = chosen_settings(settings, config.sources)
    if config.ids and len(chosen) > 1:
        names = ", ".join(require_source(one).name for one in chosen)
        raise ConfigError(f"The run config names ids, and there are several sources: {names}. Name one in sources.")
    todo = [errand for one in chosen for errand in errands.plan(one, config.id_files)]
    return [Errand(errand.settings, _listing(connection, errand, config)) for errand in todo]


def chosen_settings(settings: Settings, names: Sequence[str]) -> list[Settings]:
    """Return the settings of the named sources, of all without names; raise ConfigError for a name that is none."""
    found = {one.source or require_source(one).name: one for one in read_sources(settings)}
    missing = [name for name in names if name not in found]
    if missing:
        raise ConfigError(f"There is no source {', '.join(missing)}; there are {', '.join(found)}.")
    return [found[name] for name in names] or list(found.values())


def _listing(connection: Connection, errand: Errand, config: FetchConfig) -> Listing | None:
    source, listing = require_source(errand.settings).name, errand.listing
    if config.ids:
        listing = Listing(ORIGIN, _valid(config.ids), [])
    elif listing is None and (config.refetch or config.since):
        listing = Listing(ORIGIN, known_ids(connection, source), [])
    if listing is None or config.since is None:
        return listing
    recent = set(listed_since(connection, source, _instant(config.since)))
    return msgspec.structs.replace(listing, job_ids=[job_id for job_id in listing.job_ids if job_id in recent])


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
