"""Alerts that are sent once: a sensor compares what is wrong now with the open alerts in its cursor.

Dagster keeps the cursor of each sensor as JSON. Its keys are those of earlier versions, so that an upgrade repeats no
alert.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg
import msgspec

from cce_etl.defs.sensors.webhook import post_text

MESSAGE_LINES: Final = 10
# How many messages are kept for a webhook that is down for long; older ones are in the log only.
UNSENT_MESSAGES: Final = 50
_VARIABLE_PARTS: Final = re.compile(r"\b[0-9a-f]{8,}\b|\d+")


class Alert(msgspec.Struct, frozen=True):
    """One thing that is wrong: a key that stays the same while it lasts, its text, and the text of its recovery."""

    key: str
    text: str
    recovery: str


class AlertState(msgspec.Struct, frozen=True):
    """The open alerts, as their keys and recovery texts, and the messages that the webhook has not accepted yet."""

    open_alerts: dict[str, str] = msgspec.field(default_factory=dict, name="told")
    unsent: list[str] = []


def diff(open_alerts: Mapping[str, str], present: Sequence[Alert]) -> list[str]:
    """Return the text of each alert that is present and not open, then the recovery of each that is open and over."""
    keys = {alert.key for alert in present}
    new = {alert.key: alert.text for alert in present if alert.key not in open_alerts}
    return [*new.values(), *(recovery for key, recovery in open_alerts.items() if key not in keys)]


def notify(
    context: dg.SensorEvaluationContext, state: AlertState, present: Sequence[Alert], webhook: str | None
) -> AlertState:
    """Log what has changed and send it as one message.

    Args:
        context: The sensor's context; its log gets a warning for each new and each recovered alert.
        state: The state of the last call.
        present: What is wrong now.
        webhook: Where to send messages; None only logs.

    Returns:
        The state for the next call, with the messages that the webhook did not accept.
    """
    lines = diff(state.open_alerts, present)
    for line in lines:
        context.log.warning(line)
    unsent = []
    if webhook is not None:
        unsent = _send(context, [*state.unsent, *([message(lines)] if lines else [])], webhook)
    return AlertState({alert.key: alert.recovery for alert in present}, unsent)


def message(lines: Sequence[str]) -> str:
    """Return one message with the first MESSAGE_LINES lines, and the number of the others."""
    shown = [*lines[:MESSAGE_LINES]]
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown)} more")
    return "\n".join(f"cce-etl: {line}" for line in shown)


def fingerprint(text: str) -> str:
    """Return an error's text without its numbers and ids, so that it is equal on another night."""
    return _VARIABLE_PARTS.sub("#", text)


def _send(context: dg.SensorEvaluationContext, messages: Sequence[str], webhook: str) -> list[str]:
    """Send messages in order until one is refused; return that one and all after it."""
    for index, text in enumerate(messages):
        reason = post_text(webhook, text)
        if reason is not None:
            context.log.warning(
                f"The webhook of CCE_ALERT_WEBHOOK did not accept an alert: {reason}. It is sent again later."
            )
            return [*messages[index:]][-UNSENT_MESSAGES:]
    return []
