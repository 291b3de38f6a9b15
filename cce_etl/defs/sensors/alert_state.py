"""What people are told of, each cause once: a state of what was told, and the words of a message.

Lives here: which causes are new, which are over, how a message reads. Pure.
Does not: finding causes (`defs`), sending (`extract/webhook`).
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

MESSAGE_LINES: Final = 10
# What a webhook that is down for long is sent when it is up again; older messages stand in the log alone.
UNSENT_MESSAGES: Final = 50
_CHANGING: Final = re.compile(r"\b[0-9a-f]{8,}\b|\d+")


class Cause(msgspec.Struct, frozen=True):
    """Hold one thing that is wrong: a key that stays the same while it lasts, what to say of it and of its end."""

    key: str
    text: str
    recovery: str


class Ledger(msgspec.Struct, frozen=True):
    """Hold what was told and is not over, as key to the words of its end, and messages not delivered yet."""

    told: dict[str, str] = {}
    unsent: list[str] = []


class News(msgspec.Struct, frozen=True):
    """Hold a line for every cause that is new or over, and the state once they are told."""

    lines: list[str]
    told: dict[str, str]


def news(told: dict[str, str], present: Sequence[Cause]) -> News:
    """Compare what was told with what is wrong now; a cause is told again only when it was over in between."""
    causes = {cause.key: cause for cause in present}
    new = [cause.text for key, cause in causes.items() if key not in told]
    over = [recovery for key, recovery in told.items() if key not in causes]
    return News([*new, *over], {key: cause.recovery for key, cause in causes.items()})


def message(lines: Sequence[str]) -> str:
    """Return one message of all lines, the first of them when there are many."""
    shown = [*lines[:MESSAGE_LINES]]
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown)} more")
    return "\n".join(f"cce-etl: {line}" for line in shown)


def signature(text: str) -> str:
    """Return what stays of an error's words from night to night: without numbers and ids."""
    return _CHANGING.sub("#", text)
