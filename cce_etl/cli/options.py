"""Options for settings: names, types and help, and how a command gets its Settings from them.

Secrets have no option, because a command line is visible to every user of the machine.
"""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cce_etl.settings.settings import Settings, environment_name, read_settings

_NAMES: Final = {
    "rate_limit": ["--rate", "--rate-limit"],
    "timeout_seconds": ["--timeout-seconds", "--timeout"],
    "project_id": ["--project-id", "--project"],
}
_HELP: Final = {
    "endpoint": (str, "The API's address, e.g. https://cce.eu-west-101.myhuaweicloud.eu."),
    "region": (str, "The region, when the endpoint is its usual one, e.g. eu-west-101."),
    "project_id": (str, "The project whose jobs to fetch."),
    "source": (str, "The name that rows carry. Default: the project id; for load: files."),
    "warehouse": (Path, "The writer's DuckDB file, or ducklake:... Default: data/warehouse.duckdb."),
    "warehouse_data": (str, "Where a lake's files go: a folder, or s3://bucket/prefix."),
    "snapshot_days": (int, "Days that a lake can be read as it was. Default: 7."),
    "published": (Path, "The analysts' DuckDB file. Default: data/cce_jobs.duckdb."),
    "concurrency": (int, "Requests in flight. Default: 32."),
    "rate_limit": (float, "Requests a second, 0 for no ceiling. Default: 50."),
    "max_attempts": (int, "Tries a job. Default: 6."),
    "timeout_seconds": (float, "Seconds a try. Default: 30."),
    "max_body_bytes": (int, "Largest body taken, in bytes. Default: 33554432."),
    "auth": (str, "agency: sign in with the agency of the server this runs on."),
    "username": (str, "The IAM user, with CCE_PASSWORD in the environment."),
    "domain": (str, "The account of the IAM user."),
    "iam_endpoint": (str, "Where IAM answers. Default: beside the API."),
    "metadata_endpoint": (str, "Where the server's metadata answers. Default: its fixed address."),
    "lock_wait_seconds": (float, "Seconds to wait for a warehouse in use. Default: 10."),
    "raw_history_days": (int, "Days that superseded payloads and resolved failures are kept. Default: for ever."),
    "max_age_hours": (float, "Oldest published file that is well. Default: 26."),
    "min_coverage": (float, "Least share of ids that are final or were just answered. Default: 0.95."),
    "max_dead_letters": (int, "Open dead letters that are well. Default: as many as before the last run."),
}
FILES: Final = ("warehouse", "published", "lock_wait_seconds")
LIMITS: Final = ("max_age_hours", "min_coverage", "max_dead_letters")
_UPKEEP: Final = ("raw_history_days", "warehouse_data", "snapshot_days")
FETCHING: Final = tuple(name for name in _HELP if name not in (*_UPKEEP, *LIMITS))


def with_settings(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command an option for each named setting, and the Settings read from them as its argument `settings`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(**values: Any) -> Any:
            options = {name: values.pop(name) for name in names}
            return command(settings=read_settings(options), **values)

        own = [item for item in inspect.signature(command).parameters.values() if item.name != "settings"]
        parameters = [*own, *(_parameter(name) for name in names)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {item.name: item.annotation for item in parameters}
        return run

    return decorate


def _parameter(name: str) -> inspect.Parameter:
    kind, text = _HELP[name]
    flags = _NAMES.get(name, ["--" + name.replace("_", "-")])
    option = typer.Option(*flags, help=f"{text} [{environment_name(name)}]", show_default=False)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


__all__ = ["FETCHING", "FILES", "LIMITS", "Settings", "with_settings"]
