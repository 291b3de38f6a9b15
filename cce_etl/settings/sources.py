"""Several projects and regions: the tables [[sources]] of cce-etl.toml, each as Settings of its own.

Lives here: which keys a table may have, and secrets by the name of an environment variable.
Does not: the settings that all share (`settings`), signing in (`access`).
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.settings.settings import CONFIG_FILE, SECRETS, Settings, parse_value, read_config_file

# Secrets that are no source's.
_SHARED_SECRETS: Final = ("alert_webhook", "celery_broker", "serve_token")
# What says whom to ask and how to sign in: a table's own, never mixed with that of another source.
_PLACE: Final = ("endpoint", "region", "project_id", "iam_endpoint")
_OWN_SECRETS: Final = tuple(name for name in SECRETS if name not in _SHARED_SECRETS)
_SIGN_IN: Final = ("auth", "username", "domain", *_OWN_SECRETS)
_PLAIN: Final = (*_PLACE, "auth", "username", "domain", "job_ids", "concurrency", "rate_limit")
_NAMED: Final = {f"{secret}_env": secret for secret in _OWN_SECRETS}


def read_sources(
    settings: Settings, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> list[Settings]:
    """Return the settings of every source: one a table of [[sources]], or `settings` alone where there is no table.

    With `settings.source` set, the table of that name alone. A table without a way to sign in uses the common one.
    Raises ConfigError naming the table and key that is wrong, or the environment variable that is not set.
    """
    environment = os.environ if environment is None else environment
    tables = read_config_file((folder or Path()) / CONFIG_FILE).get("sources", [])
    if not tables:
        return [settings]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"sources in {CONFIG_FILE} is wrong: write each source as a table [[sources]].")
    found = [_read(settings, table, environment) for table in tables]
    names = [str(one.source) for one in found]
    if len(set(names)) < len(names):
        raise ConfigError(f"[[sources]] in {CONFIG_FILE} has a name twice: {', '.join(sorted(names))}.")
    if settings.source is None:
        return found
    return [_named(found, settings.source)]


def _named(found: Sequence[Settings], name: str) -> Settings:
    for one in found:
        if one.source == name:
            return one
    raise ConfigError(
        f"There is no source {name!r} in {CONFIG_FILE}; it has {', '.join(str(one.source) for one in found)}."
    )


def _read(settings: Settings, table: Mapping[str, object], environment: Mapping[str, str]) -> Settings:
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"A table [[sources]] in {CONFIG_FILE} has no name.")
    values = {key: _value(name, key, value, environment) for key, value in table.items() if key != "name"}
    own = {_NAMED.get(key, key): value for key, value in values.items()}
    cleared = dict.fromkeys(_PLACE) | {"job_ids": None}
    if own.keys() & set(_SIGN_IN):
        cleared |= dict.fromkeys(_SIGN_IN)
    return msgspec.structs.replace(settings, source=name, **(cleared | own))


def _value(source: str, key: str, value: object, environment: Mapping[str, str]) -> object:
    where = f"{key} of the source {source!r} in {CONFIG_FILE}"
    if key in _NAMED:
        secret = environment.get(str(value), "").strip()
        if not secret:
            raise ConfigError(f"{where} names the environment variable {value}, which is not set.")
        return secret
    if key in SECRETS:
        raise ConfigError(f"{where} holds a secret. Put it into an environment variable, and its name into {key}_env.")
    if key not in _PLAIN:
        known = ", ".join(["name", *_PLAIN, *_NAMED])
        raise ConfigError(f"{where} is unknown. Known are {known}.")
    return parse_value(key, value, where)
