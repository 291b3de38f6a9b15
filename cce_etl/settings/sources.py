"""Sources: one project in one region each, from the common settings or from the tables [[sources]] of cce-etl.toml."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.settings.endpoints import endpoint_of
from cce_etl.settings.profile import profile_in_use
from cce_etl.settings.settings import CONFIG_FILE, SECRETS, SETTINGS, Group, Settings, parse_value, read_config_file

_PROJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
# What a table of [[sources]] may set: where to ask, how to sign in, what to fetch and how fast. Its source is its name,
# and the metadata service is that of this server.
_NOT_IN_A_TABLE: Final = ("source", "metadata_endpoint")
_PER_SOURCE: Final = tuple(
    name
    for name, known in SETTINGS.items()
    if (known.group in (Group.WHERE, Group.SIGN_IN, Group.WHAT) or name in ("concurrency", "rate_limit"))
    and name not in _NOT_IN_A_TABLE
)
# A table never takes these from the common settings.
_NEVER_SHARED: Final = ("region", "endpoint", "project_id", "iam_endpoint", "job_ids")
# A table that sets one of these takes none of them from the common settings.
_SIGN_IN: Final = tuple(
    name
    for name, known in SETTINGS.items()
    if known.group is Group.SIGN_IN and name not in (*_NEVER_SHARED, *_NOT_IN_A_TABLE)
)
# A secret is given by the name of the environment variable that holds it.
_SECRET_KEYS: Final = {f"{name}_env": name for name in _PER_SOURCE if name in SECRETS}
SOURCE_KEYS: Final = ("name", *(name for name in _PER_SOURCE if name not in SECRETS), *_SECRET_KEYS)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One project in one region: the name that its rows carry, the URL of the API, and the project's id."""

    name: str
    endpoint: str
    project_id: str


def require_source(settings: Settings, environment: Mapping[str, str] | None = None) -> Source:
    """Return the project to ask.

    Where an access key is taken from the SDK's profile file, the project beside it counts if no other is set.

    Raises:
        ConfigError: A setting is missing or wrong; the message says which and how to set it.
    """
    project_id, origin = settings.project_id, "CCE_PROJECT_ID"
    profile = profile_in_use(settings, environment) if project_id is None else None
    if profile:
        project_id, origin = profile.project_id, f"project_id in {profile.path}"
    if project_id is None:
        raise ConfigError(
            "CCE_PROJECT_ID is not set: the id of the project whose jobs to fetch (console, My Credentials)."
        )
    if not _PROJECT_ID.fullmatch(project_id):
        raise ConfigError(f"{origin} is wrong: {project_id!r} is not a project id (letters, digits, - and _).")
    return Source(name=settings.source or project_id, endpoint=endpoint_of(settings), project_id=project_id)


def read_sources(
    settings: Settings, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> list[Settings]:
    """Return the settings of every source: one for each table of [[sources]], else `settings` alone.

    With `settings.source` set, only the table of that name. A table without a way to sign in uses the common one.

    Raises:
        ConfigError: A key of a table is wrong, or the environment variable that it names is not set.
    """
    environment = os.environ if environment is None else environment
    tables = read_config_file((folder or Path()) / CONFIG_FILE).get("sources", [])
    if not tables:
        return [settings]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"sources in {CONFIG_FILE} is wrong: write each source as a table [[sources]].")
    sources = {}
    for table in tables:
        name = table.get("name")
        if not isinstance(name, str) or not name:
            raise ConfigError(f"A table [[sources]] in {CONFIG_FILE} has no name.")
        if name in sources:
            raise ConfigError(f"[[sources]] in {CONFIG_FILE} has the name {name!r} twice.")
        own = dict(_read_key(name, key, value, environment) for key, value in table.items() if key != "name")
        cleared = dict.fromkeys((*_NEVER_SHARED, *(_SIGN_IN if own.keys() & set(_SIGN_IN) else ())))
        sources[name] = msgspec.structs.replace(settings, **(cleared | own | {"source": name}))
    if settings.source is None:
        return list(sources.values())
    if settings.source not in sources:
        raise ConfigError(f"There is no source {settings.source!r} in {CONFIG_FILE}; it has {', '.join(sources)}.")
    return [sources[settings.source]]


def _read_key(source: str, key: str, value: object, environment: Mapping[str, str]) -> tuple[str, object]:
    where = f"{key} of the source {source!r} in {CONFIG_FILE}"
    if key in _SECRET_KEYS:
        secret = environment.get(str(value), "").strip()
        if not secret:
            raise ConfigError(f"{where} names the environment variable {value}, which is not set.")
        return _SECRET_KEYS[key], secret
    if key in SECRETS:
        raise ConfigError(f"{where} holds a secret. Put it into an environment variable, and its name into {key}_env.")
    if key not in SOURCE_KEYS:
        raise ConfigError(f"{where} is unknown. Known are {', '.join(SOURCE_KEYS)}.")
    return key, parse_value(key, value, where)
