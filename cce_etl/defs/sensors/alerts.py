"""Telling people, from within a sensor: a log line each, and the webhook; the sensor's cursor remembers what was told.

Lives here: the order of telling and remembering. Does not: the words (`alerts`), sending (`extract/webhook`).
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from dagster import SensorEvaluationContext

from cce_etl.defs.sensors.alert_state import UNSENT_MESSAGES, Cause, Ledger, message, news
from cce_etl.defs.sensors.webhook import post_text

Warn: TypeAlias = Callable[[str], None]


def warning_of(context: SensorEvaluationContext) -> Warn:
    """Return how to log a warning; Dagster opens a file for each tick that so much as asks for its log."""

    def warn(line: str) -> None:
        context.log.warning(line)

    return warn


def tell(warn: Warn, ledger: Ledger, present: Sequence[Cause], webhook: str | None) -> Ledger:
    """Log what is new or over, send it when there is a webhook, and return what to remember."""
    found = news(ledger.told, present)
    for line in found.lines:
        warn(line)
    unsent = [*ledger.unsent, message(found.lines)] if found.lines else ledger.unsent
    return Ledger(found.told, _deliver(warn, unsent, webhook))


def _deliver(warn: Warn, messages: Sequence[str], webhook: str | None) -> list[str]:
    """Send messages in their order, and return those from the first on that was not taken, for the next tick."""
    if webhook is None:
        return []
    for place, text in enumerate(messages):
        reason = post_text(webhook, text)
        if reason is not None:
            warn(f"The webhook of CCE_ALERT_WEBHOOK did not take an alert: {reason}. It is sent again later.")
            return [*messages[place:]][-UNSENT_MESSAGES:]
    return []
