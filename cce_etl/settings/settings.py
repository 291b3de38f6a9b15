"""The settings: their names, types, defaults and texts, and reading them from options, environment and cce-etl.toml.

The text of a setting stands on its field alone. The help of options, the examples of environment files and
docs/reference/settings.md are made from it.
"""

import os
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from cce_etl.errors import ConfigError
from cce_etl.settings.location import Location, read_lake, same_file, with_data

CONFIG_FILE: Final = "cce-etl.toml"
METADATA_ENDPOINT: Final = "http://169.254.169.254"


class Group(StrEnum):
    """What settings are about: the sections of their documentation."""

    WHERE = "Where to ask"
    SIGN_IN = "Signing in"
    WHAT = "What to fetch"
    FILES = "Warehouse and published file"
    PACE = "Pace"
    CHECKS = "Health checks"
    RETENTION = "Retention"
    DAGSTER = "Dagster"
    SCALE = "Lake and workers"
    SERVING = "Serving analysts"
    LEVELS = "Service levels"


class Setting(msgspec.Struct, frozen=True):
    """What is known of a setting beside its type and default.

    `unset` says in words what holds when there is no value; `flags` are the option's names where they are not the
    field's name; `aliases` are other environment variables that are read after CCE_*.
    """

    text: str
    group: Group
    unset: str = ""
    example: str = ""
    flags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    is_secret: bool = False
    has_option: bool = True
    is_file_only: bool = False


class Slo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The service level of steps: how many seconds a step may take by job type, and which share of steps must."""

    targets: Annotated[
        dict[str, Annotated[float, Meta(gt=0, le=1e9)]],
        Setting(
            "Seconds that a step may take, by job type.", Group.LEVELS, unset="the past 95th percentile of each type"
        ),
    ] = {}
    # A step type without a target is held to its own past 95th percentile, which is why the default is 0.95.
    objective: Annotated[
        float, Meta(gt=0, lt=1), Setting("Share of steps that must keep their target.", Group.LEVELS)
    ] = 0.95
    window_days: Annotated[
        int, Meta(ge=1, le=3650), Setting("Days over which the share is measured.", Group.LEVELS)
    ] = 28


NO_TARGETS: Final = Slo()
PositiveInt = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting. The environment variable of a field is CCE_ and the field's name in capitals."""

    region: Annotated[
        str | None, Setting("The region, when the API has its usual address there.", Group.WHERE, example="eu-west-101")
    ] = None
    endpoint: Annotated[
        str | None,
        Setting(
            "The address of the API. Only this machine may be reached by plain http.",
            Group.WHERE,
            unset="the usual address in the region",
            example="https://cce.eu-west-101.myhuaweicloud.eu",
        ),
    ] = None
    project_id: Annotated[
        str | None,
        Setting(
            "The id of the project whose jobs are fetched (console: My Credentials).",
            Group.WHERE,
            unset="the project in the profile file, when its key signs the requests",
            flags=("--project-id", "--project"),
            aliases=("HUAWEICLOUD_SDK_PROJECT_ID",),
        ),
    ] = None
    source: Annotated[
        str | None,
        Setting(
            "The name that the rows of this project carry. With [[sources]]: the one source to use.",
            Group.WHERE,
            unset="the project id; for load: files",
        ),
    ] = None
    auth_token: Annotated[
        str | None,
        Setting(
            "An IAM token with the permission cce:job:get. It is valid for 24 hours.", Group.SIGN_IN, is_secret=True
        ),
    ] = None
    access_key: Annotated[
        str | None,
        Setting("An access key (AK).", Group.SIGN_IN, aliases=("HUAWEICLOUD_SDK_AK", "CLOUD_SDK_AK"), is_secret=True),
    ] = None
    secret_key: Annotated[
        str | None,
        Setting(
            "The secret of the access key (SK).",
            Group.SIGN_IN,
            aliases=("HUAWEICLOUD_SDK_SK", "CLOUD_SDK_SK"),
            is_secret=True,
        ),
    ] = None
    security_token: Annotated[
        str | None,
        Setting(
            "The security token of a temporary access key.",
            Group.SIGN_IN,
            aliases=("HUAWEICLOUD_SDK_SECURITY_TOKEN", "CLOUD_SDK_SECURITY_TOKEN"),
            is_secret=True,
        ),
    ] = None
    username: Annotated[
        str | None, Setting("The name of an IAM user. It needs CCE_PASSWORD and CCE_DOMAIN too.", Group.SIGN_IN)
    ] = None
    password: Annotated[str | None, Setting("The password of the IAM user.", Group.SIGN_IN, is_secret=True)] = None
    domain: Annotated[str | None, Setting("The account of the IAM user.", Group.SIGN_IN)] = None
    iam_endpoint: Annotated[
        str | None, Setting("The address of IAM.", Group.SIGN_IN, unset="the API's address with iam. in place of cce.")
    ] = None
    auth: Annotated[
        Literal["agency"] | None,
        Setting("agency: sign in with the agency of the server that this runs on.", Group.SIGN_IN, example="agency"),
    ] = None
    metadata_endpoint: Annotated[
        str, Setting("The address of the server's metadata service, for the agency.", Group.SIGN_IN)
    ] = METADATA_ENDPOINT
    job_ids: Annotated[
        str | None,
        Setting(
            "Lists of job ids: files or globs, separated by commas. `run --ids` names others.",
            Group.WHAT,
            unset="every job known that has not ended",
            example="ids/*.txt",
            has_option=False,
        ),
    ] = None
    warehouse: Annotated[
        Location,
        Setting(
            "The DuckDB file that is written to, or a lake: ducklake:postgres:dbname=... host=... user=...", Group.FILES
        ),
    ] = Path("data/warehouse.duckdb")
    published: Annotated[Path, Setting("The DuckDB file that analysts read.", Group.FILES)] = Path(
        "data/cce_jobs.duckdb"
    )
    lock_wait_seconds: Annotated[
        float, Meta(ge=0), Setting("Seconds to wait while another process uses the warehouse.", Group.FILES)
    ] = 10.0
    concurrency: Annotated[int, Meta(ge=1, le=1024), Setting("Requests in flight.", Group.PACE)] = 32
    rate_limit: Annotated[
        float,
        Meta(ge=0),
        Setting(
            "Requests a second, 0 for no ceiling. It is lowered automatically while the API throttles.",
            Group.PACE,
            flags=("--rate", "--rate-limit"),
        ),
    ] = 50.0
    max_attempts: Annotated[int, Meta(ge=1, le=100), Setting("Tries for each job.", Group.PACE)] = 6
    timeout_seconds: Annotated[
        float, Meta(gt=0), Setting("Seconds for each try.", Group.PACE, flags=("--timeout-seconds", "--timeout"))
    ] = 30.0
    max_body_bytes: Annotated[
        PositiveInt, Setting("Largest body of a response that is accepted, in bytes.", Group.PACE)
    ] = 32 * 1024 * 1024
    # A nightly run that takes up to two hours is still fresh before the next one.
    max_age_hours: Annotated[
        float,
        Meta(gt=0, le=1e6),
        Setting("Hours after which `status --health` and Dagster report the published file as old.", Group.CHECKS),
    ] = 26.0
    min_coverage: Annotated[
        float,
        Meta(ge=0, le=1),
        Setting("Least share of a source's ids that have ended or were answered in its last run.", Group.CHECKS),
    ] = 0.95
    max_dead_letters: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Setting("Most open dead letters that a source may have.", Group.CHECKS, unset="as many as before the last run"),
    ] = None
    raw_history_days: Annotated[
        Annotated[int, Meta(ge=1, le=36_500)] | None,
        Setting(
            "Days that `vacuum` keeps superseded payloads, resolved failures and records of runs.",
            Group.RETENTION,
            unset="for ever",
        ),
    ] = None
    inbox: Annotated[
        Path | None,
        Setting(
            "A folder whose id lists Dagster fetches, each once. With several sources, a subfolder for each.",
            Group.DAGSTER,
            has_option=False,
        ),
    ] = None
    alert_webhook: Annotated[
        str | None,
        Setting(
            'The address that Dagster\'s alerts are sent to, which takes {"text": "..."} by POST, as Slack does.',
            Group.DAGSTER,
            is_secret=True,
        ),
    ] = None
    dagster_run_days: Annotated[
        PositiveInt, Setting("Days that Dagster keeps its runs.", Group.DAGSTER, has_option=False)
    ] = 90
    executor: Annotated[
        Literal["in_process", "multiprocess", "celery", "k8s"],
        Setting(
            "Where Dagster runs its steps: in_process; on a lake also multiprocess, celery or k8s.",
            Group.SCALE,
            has_option=False,
        ),
    ] = "in_process"
    celery_broker: Annotated[
        str | None,
        Setting(
            "The Redis that brings work to the Celery workers: rediss://:password@host:6379/0.",
            Group.SCALE,
            is_secret=True,
        ),
    ] = None
    warehouse_data: Annotated[
        str | None,
        Setting(
            "Where the files of a lake go: a folder or s3://bucket/prefix. It is needed when the lake is made.",
            Group.SCALE,
        ),
    ] = None
    snapshot_days: Annotated[PositiveInt, Setting("Days for which a lake can be read as it was.", Group.SCALE)] = 7
    serve_token: Annotated[
        str | None,
        Setting(
            "The token with which clients connect to `cce-etl serve`.",
            Group.SERVING,
            unset="made at each start",
            is_secret=True,
        ),
    ] = None
    slo: Annotated[
        Slo, Setting("The table [slo] of cce-etl.toml.", Group.LEVELS, is_file_only=True, has_option=False)
    ] = NO_TARGETS

    def __repr__(self) -> str:
        shown = {name: value for name, value in msgspec.structs.asdict(self).items() if name not in SECRETS}
        return f"Settings({shown})"


def describe_fields(struct: type[msgspec.Struct]) -> dict[str, Setting]:
    """Return what is known of each field of Settings or Slo, by its name."""
    return {
        field.name: next(known for known in field.type.__metadata__ if isinstance(known, Setting))
        for field in msgspec.structs.fields(struct)
    }


SETTINGS: Final = describe_fields(Settings)
SECRETS: Final = tuple(name for name, known in SETTINGS.items() if known.is_secret)
_TYPES: Final[Mapping[str, Any]] = {field.name: field.type for field in msgspec.structs.fields(Settings)} | {
    "warehouse": Path
}
# The parts of one access key: they are read from variables that belong together, never from two sets of names.
_KEY_PARTS: Final = ("access_key", "secret_key", "security_token")


def environment_name(field: str) -> str:
    """Return the environment variable of a setting."""
    return f"CCE_{field.upper()}"


# The variables to read each setting from, in order.
_VARIABLES: Final = {field: (environment_name(field), *known.aliases) for field, known in SETTINGS.items()}


def option_flags(field: str) -> tuple[str, ...]:
    """Return the names of a setting's option; none for a secret, which a command line would show to all users."""
    known = SETTINGS[field]
    if known.is_secret or not known.has_option:
        return ()
    return known.flags or (f"--{field.replace('_', '-')}",)


def default_text(field: str) -> str:
    """Return what holds where a setting has no value, in words; empty where nothing does."""
    default = getattr(Settings(), field)
    if default is None or SETTINGS[field].is_file_only:
        return SETTINGS[field].unset
    return f"{default:g}" if isinstance(default, float) else str(default)


def read_settings(
    options: Mapping[str, object], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Settings:
    """Return the settings: of each, the option that is not None, else the environment, else cce-etl.toml, else default.

    Raises:
        ConfigError: A value is wrong; the message names the setting and where it was set.
    """
    environment = os.environ if environment is None else environment
    in_file = read_config_file((folder or Path()) / CONFIG_FILE)
    values: dict[str, object] = {"slo": _read_slo(in_file.get("slo", {}))}
    for field, known in SETTINGS.items():
        if known.is_file_only:
            continue
        value, origin = in_file.get(field), f"{field} in {CONFIG_FILE}"
        for name in _key_variables(field, environment) if field in _KEY_PARTS else _VARIABLES[field]:
            if environment.get(name, "").strip():
                value, origin = environment[name].strip(), name
                break
        if options.get(field) is not None:
            value, origin = options[field], f"the option --{field.replace('_', '-')}"
        if value is not None:
            values[field] = parse_value(field, value, origin)
    settings = Settings(**values)  # type: ignore[arg-type]
    data = settings.warehouse_data
    if data is not None:
        try:
            settings = msgspec.structs.replace(settings, warehouse=with_data(settings.warehouse, data))
        except ValueError as error:
            raise ConfigError(f"CCE_WAREHOUSE_DATA is wrong: {data!r}: {error}.") from None
    if same_file(settings.warehouse, settings.published):
        raise ConfigError("CCE_PUBLISHED is wrong: it is the warehouse itself. Set it to another path.")
    return settings


def _key_variables(part: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variable to read a part of the access key from: that of the first set of names of which one is set."""
    sets = zip(*(_VARIABLES[name] for name in _KEY_PARTS), strict=True)
    for position, variables in enumerate(sets):
        if any(environment.get(variable, "").strip() for variable in variables):
            return (_VARIABLES[part][position],)
    return ()


def read_config_file(path: Path) -> dict[str, object]:
    """Return the contents of cce-etl.toml, empty where there is none.

    Raises:
        ConfigError: It cannot be read, or holds a secret or an unknown key.
    """
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
    unknown = sorted(values.keys() - {"sources", *SETTINGS})
    if unknown:
        known = ", ".join(field for field in SETTINGS if field not in SECRETS)
        raise ConfigError(f"{path} has unknown settings: {', '.join(unknown)}. Known are {known}.")
    return values


def parse_value(field: str, value: object, origin: str) -> object:
    """Return a setting's value as its type.

    Raises:
        ConfigError: It is not of that type; the message names `origin` and shows no secret.
    """
    plain = str(value) if isinstance(value, Path) else value
    if isinstance(plain, str) and not plain.isascii() and plain != plain.encode(errors="replace").decode():
        raise ConfigError(f"{origin} is wrong: it holds bytes that are not UTF-8 text.")
    try:
        # A text without a colon is always a path.
        if field == "warehouse" and isinstance(plain, str) and ":" in plain and (lake := read_lake(plain)):
            return lake
        return msgspec.convert(plain, _TYPES[field], strict=False, dec_hook=_to_path)
    except (msgspec.ValidationError, ValueError) as error:
        # The text of a lake may hold a password, which is what is wrong with it.
        shown = "" if field in SECRETS or field == "warehouse" else f" {value!r}:"
        raise ConfigError(f"{origin} is wrong:{shown} {error}.") from None


def _read_slo(table: object) -> Slo:
    if not isinstance(table, dict):
        raise ConfigError(f"slo in {CONFIG_FILE} is wrong: write it as a table [slo].")
    targets = table.get("targets", {})
    if not isinstance(targets, dict):
        raise ConfigError(f"targets in [slo] in {CONFIG_FILE} is wrong: write them as a table [slo.targets].")
    # Each value is converted alone first, because msgspec does not say which target of several is wrong.
    parts = [{"targets": {job_type: seconds}} for job_type, seconds in targets.items()]
    for part in [*parts, *({key: value} for key, value in table.items() if key != "targets")]:
        try:
            msgspec.convert(part, Slo)
        except msgspec.ValidationError as error:
            raise ConfigError(f"[slo] in {CONFIG_FILE} is wrong: {part}: {error}.") from None
    return msgspec.convert(table, Slo)


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
