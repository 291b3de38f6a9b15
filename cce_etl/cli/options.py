"""Options for settings: names, types and help, and how a command gets its Settings from them.

Secrets have no option, because a command line is visible to every user of the machine.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final, get_args

import msgspec
import typer

from cce_etl.settings.settings import (
    SETTINGS,
    Group,
    Settings,
    default_text,
    environment_name,
    option_flags,
    read_settings,
)

_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Settings)}


def _names_in(*groups: Group) -> tuple[str, ...]:
    return tuple(name for name, known in SETTINGS.items() if known.group in groups and option_flags(name))


FILES: Final = _names_in(Group.FILES)
LIMITS: Final = _names_in(Group.CHECKS)
FETCHING: Final = _names_in(Group.WHERE, Group.SIGN_IN, Group.FILES, Group.PACE)


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
    known, default = SETTINGS[name], default_text(name)
    text = f"{known.text} Default: {default}." if default else known.text
    option = typer.Option(*option_flags(name), help=f"{text} [{environment_name(name)}]", show_default=False)
    # The first type of Annotated[int, ...], of int | None, and of Path | Lake is what an option is given as.
    kind = _TYPES[name]
    while arguments := get_args(kind):
        kind = arguments[0]
    kind = kind if isinstance(kind, type) else str  # the first value of a Literal
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )
