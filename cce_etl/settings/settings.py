"""Settings: options, then the environment, then cce-etl.toml, as one frozen value.

Lives here: names, defaults, checks, and where each value came from. Read once, at the edge.
Does not: secrets on a command line or in a file; a token comes from the environment alone.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.settings.endpoints import normalize_endpoint
from cce_etl.settings.location import Location, read_lake, same_file, with_data
from cce_etl.settings.profile import Profile, read_profile

CONFIG_FILE: Final = "cce-etl.toml"
METADATA_ENDPOINT: Final = "http://169.254.169.254"
SECRETS: Final = (
    "auth_token",
    "access_key",
    "secret_key",
    "security_token",
    "password",
    "alert_webhook",
    "celery_broker",
    "serve_token",
)
# What the official SDK and its documentation call a key's three parts; the parts of one key are never mixed.
_KEY_PARTS: Final = ("access_key", "secret_key", "security_token")
_KEY_NAMES: Final = (
    ("CCE_ACCESS_KEY", "CCE_SECRET_KEY", "CCE_SECURITY_TOKEN"),
    ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
    ("CLOUD_SDK_AK", "CLOUD_SDK_SK", "CLOUD_SDK_SECURITY_TOKEN"),
)
# The ways to sign in that are taken before the SDK's profile file.
_BEFORE_PROFILE: Final = ("auth_token", "access_key", "secret_key", "username", "password")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_REGION: Final = re.compile(r"[a-z0-9-]{2,64}", re.ASCII)
# The regions whose names end otherwise than the rest (API page "Regions and Endpoints").
_DOMAIN_OF_REGION: Final = {"eu-west-101": "myhuaweicloud.eu"}

PositiveInt = Annotated[int, msgspec.Meta(ge=1)]
# Fields that only a table of the file sets: no variable and no option.
FILE_ONLY: Final = ("slo",)


class Slo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold the service level to measure: seconds a step may take by job_type, the share that must, days of window.

    A step type without a target is held to its own past 95th percentile, which is why 0.95 is the objective's default.
    """

    targets: dict[str, Annotated[float, msgspec.Meta(gt=0, le=1e9)]] = {}
    objective: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.95
    window_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 28


NO_TARGETS: Final = Slo()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Hold every setting; but for FILE_ONLY, the environment's name of a field is CCE_ and its name in capitals."""

    endpoint: str | None = None
    region: str | None = None
    project_id: str | None = None
    auth: Literal["agency"] | None = None
    auth_token: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    security_token: str | None = None
    username: str | None = None
    password: str | None = None
    domain: str | None = None
    iam_endpoint: str | None = None
    metadata_endpoint: str = METADATA_ENDPOINT
    source: str | None = None
    job_ids: str | None = None
    warehouse: Location = Path("data/warehouse.duckdb")
    warehouse_data: str | None = None
    published: Path = Path("data/cce_jobs.duckdb")
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 32
    rate_limit: Annotated[float, msgspec.Meta(ge=0)] = 50.0
    max_attempts: Annotated[int, msgspec.Meta(ge=1, le=100)] = 6
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    max_body_bytes: PositiveInt = 32 * 1024 * 1024
    lock_wait_seconds: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    # Of a lake: how far back its tables can be read as they were.
    snapshot_days: PositiveInt = 7
    raw_history_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    # A nightly run that takes up to two hours is still fresh before the next one. `status --health` and Dagster's
    # freshness policy both go by it.
    max_age_hours: Annotated[float, msgspec.Meta(gt=0, le=1e6)] = 26.0
    min_coverage: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.95
    max_dead_letters: Annotated[int, msgspec.Meta(ge=0)] | None = None
    # For Dagster alone: a folder whose id lists are fetched, where alerts go, and how long runs are remembered.
    inbox: Path | None = None
    alert_webhook: str | None = None
    dagster_run_days: PositiveInt = 90
    # What lets a client of `serve` in; without one, a token is made at each start.
    serve_token: str | None = None
    # Where Dagster runs its steps, and for Celery workers the Redis that brings them work.
    executor: Literal["in_process", "multiprocess", "celery", "k8s"] = "in_process"
    celery_broker: str | None = None
    slo: Slo = NO_TARGETS

    def __repr__(self) -> str:
        shown = {name: value for name, value in msgspec.structs.asdict(self).items() if name not in SECRETS}
        return f"Settings({shown})"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one project in one region: where it is asked, and the name its rows carry."""

    name: str
    endpoint: str
    project_id: str


def environment_name(field: str) -> str:
    """Return the environment variable of a setting."""
    return f"CCE_{field.upper()}"


def read_settings(
    options: Mapping[str, object], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Settings:
    """Put the settings together: options that are not None, else the environment, else cce-etl.toml, else defaults.

    Raises ConfigError naming the setting that is wrong and where it was set.
    """
    environment = os.environ if environment is None else environment
    in_file = read_config_file((folder or Path()) / CONFIG_FILE)
    values: dict[str, object] = {}
    for field in Settings.__struct_fields__:
        value, origin = _value_of(field, options, environment, in_file)
        if value is not None:
            values[field] = _slo(value) if field in FILE_ONLY else parse_value(field, value, origin)
    settings = Settings(**values)  # type: ignore[arg-type]
    settings = msgspec.structs.replace(settings, warehouse=_located(settings))
    if same_file(settings.warehouse, settings.published):
        raise ConfigError("CCE_PUBLISHED is wrong: it is the warehouse itself. Set it to another path.")
    return settings


def _value_of(
    field: str, options: Mapping[str, object], environment: Mapping[str, str], in_file: Mapping[str, object]
) -> tuple[object, str]:
    if options.get(field) is not None:
        return options[field], f"the option --{field.replace('_', '-')}"
    for name in _names_of(field, environment):
        if environment.get(name, "").strip():
            return environment[name].strip(), name
    return in_file.get(field), f"{field} in {CONFIG_FILE}"


def _names_of(field: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    if field in FILE_ONLY:
        return ()
    if field == "project_id":
        return (environment_name(field), "HUAWEICLOUD_SDK_PROJECT_ID")
    if field not in _KEY_PARTS:
        return (environment_name(field),)
    for names in _KEY_NAMES:
        if any(environment.get(name, "").strip() for name in names):
            return (names[_KEY_PARTS.index(field)],)
    return ()


def read_config_file(path: Path) -> dict[str, object]:
    """Return what cce-etl.toml holds; raise ConfigError when it cannot be read, or holds a secret or an unknown key."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from None
    for secret in SECRETS:
        if secret in values:
            raise ConfigError(
                f"{path} holds {secret}: secrets come from the environment only, {environment_name(secret)}."
            )
    unknown = sorted(values.keys() - {"sources", *Settings.__struct_fields__})
    if unknown:
        known = ", ".join(field for field in Settings.__struct_fields__ if field not in SECRETS)
        raise ConfigError(f"{path} has unknown settings: {', '.join(unknown)}. Known are {known}.")
    return values


def parse_value(field: str, value: object, origin: str) -> object:
    """Return a setting's value as its type; raise ConfigError naming `origin` when it is none, without any secret."""
    kind: Any = {item.name: item.type for item in msgspec.structs.fields(Settings)}[field]
    plain = str(value) if isinstance(value, Path) else value
    if isinstance(plain, str) and not plain.isascii() and plain != plain.encode(errors="replace").decode():
        raise ConfigError(f"{origin} is wrong: it holds bytes that are no UTF-8 text.")
    try:
        if kind == Location:
            return _location(plain)
        return msgspec.convert(plain, kind, strict=False, dec_hook=_to_path)
    except (msgspec.ValidationError, ValueError) as error:
        # A lake's words may hold a password, which is what is wrong with them.
        shown = "" if field in SECRETS or kind == Location else f" {value!r}:"
        raise ConfigError(f"{origin} is wrong:{shown} {error}.") from None


def _slo(table: object) -> Slo:
    if not isinstance(table, dict):
        raise ConfigError(f"slo in {CONFIG_FILE} is wrong: write it as a table [slo].")
    # One value at a time, since msgspec does not say which target of several is wrong.
    parts = [{"targets": {job_type: seconds}} for job_type, seconds in _targets(table).items()]
    for part in [*parts, *({key: value} for key, value in table.items() if key != "targets")]:
        try:
            msgspec.convert(part, Slo)
        except msgspec.ValidationError as error:
            raise ConfigError(f"[slo] in {CONFIG_FILE} is wrong: {part}: {error}.") from None
    return msgspec.convert(table, Slo)


def _targets(table: Mapping[str, object]) -> Mapping[str, object]:
    targets = table.get("targets", {})
    if not isinstance(targets, dict):
        raise ConfigError(f"targets in [slo] in {CONFIG_FILE} is wrong: write them as a table [slo.targets].")
    return targets


def _located(settings: Settings) -> Location:
    try:
        return with_data(settings.warehouse, settings.warehouse_data)
    except ValueError as error:
        raise ConfigError(f"CCE_WAREHOUSE_DATA is wrong: {settings.warehouse_data!r}: {error}.") from None


def _location(value: object) -> Location:
    lake = read_lake(value) if isinstance(value, str) else None
    path: Location = lake or msgspec.convert(value, Path, strict=False, dec_hook=_to_path)
    return path


def _to_path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        try:
            path = Path(value).expanduser()
        except RuntimeError:
            raise ValueError("there is no such home folder") from None
        if not path.name:
            raise ValueError("it names a folder, not a file")
        return path
    raise NotImplementedError


def require_source(settings: Settings, environment: Mapping[str, str] | None = None) -> Source:
    """Return the project to ask; raise ConfigError naming what is missing and how to set it.

    Where an access key is taken from the SDK's profile file, the project beside it counts if no other is set.
    """
    project_id, origin = settings.project_id, environment_name("project_id")
    profile = profile_in_use(settings, environment) if project_id is None else None
    if profile:
        project_id, origin = profile.project_id, f"project_id in {profile.path}"
    if project_id is None:
        raise ConfigError(
            "CCE_PROJECT_ID is not set: the id of the project whose jobs to fetch (console, My Credentials)."
        )
    if not _PLAIN_NAME.fullmatch(project_id):
        raise ConfigError(f"{origin} is wrong: {project_id!r} is no project id (letters, digits, - and _).")
    return Source(name=settings.source or project_id, endpoint=endpoint_of(settings), project_id=project_id)


def profile_in_use(settings: Settings, environment: Mapping[str, str] | None = None) -> Profile | None:
    """Return the SDK's profile file where its key is to sign requests: none of the ways before it is set up.

    Raises ConfigError when it cannot be read.
    """
    if any(getattr(settings, name) for name in _BEFORE_PROFILE):
        return None
    profile = read_profile(os.environ if environment is None else environment)
    return profile if profile and (profile.access_key or profile.secret_key) else None


def endpoint_of(settings: Settings) -> str:
    """Return the endpoint's URL without a trailing slash, from CCE_ENDPOINT or else from CCE_REGION.

    Raises ConfigError when neither is set, and for plain http to another machine, which would show the token to all.
    """
    if settings.endpoint is not None:
        return normalize_endpoint(settings.endpoint, "CCE_ENDPOINT")
    if settings.region is None:
        raise ConfigError(
            "Neither CCE_ENDPOINT nor CCE_REGION is set: say where the API is, e.g. CCE_REGION=eu-west-101."
        )
    if not _REGION.fullmatch(settings.region):
        raise ConfigError(f"CCE_REGION is wrong: {settings.region!r} is no region's name, such as ap-southeast-3.")
    return f"https://cce.{settings.region}.{_DOMAIN_OF_REGION.get(settings.region, 'myhuaweicloud.com')}"
