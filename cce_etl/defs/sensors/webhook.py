"""Posting a text to a chat's webhook, in the form that Slack, Mattermost and others accept.

The webhook's address is a secret: it is in no error and in no log line.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from cce_etl.settings.endpoints import is_loopback

TIMEOUT_SECONDS: Final = 5.0


def post_text(url: str, text: str) -> str | None:
    """POST `{"text": ...}`; return None when it was accepted, else the reason, without the address.

    Raises nothing: an alert that cannot be sent must not fail a run.
    """
    try:
        parsed = httpx.URL(url)
        if parsed.scheme != "https" and not (parsed.scheme == "http" and is_loopback(parsed.host)):
            return "CCE_ALERT_WEBHOOK is not an https address"
        with _quiet_httpx():
            response = httpx.post(parsed, json={"text": text}, timeout=TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"it cannot be reached ({type(error).__name__})"
    return None if response.is_success else f"it answered {response.status_code}"


@contextmanager
def _quiet_httpx() -> Iterator[None]:
    """Keep httpx from logging the address of each request at level INFO."""
    logger = logging.getLogger("httpx")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
