"""Telling a chat of something: one POST of `{"text": ...}`, which Slack, Mattermost and others take.

Lives here: sending, and why it did not work, in words without the address, which is a secret.
Does not: what is told, and when it is tried again (`alerts`, `defs`).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Final

import httpx

TIMEOUT_SECONDS: Final = 5.0


def post_text(url: str, text: str) -> str | None:
    """Send a text; return None when it was taken, else the reason, which never holds the address.

    Raises nothing: who cannot be told must not stop a run.
    """
    try:
        parts = httpx.URL(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.host)):
            return "CCE_ALERT_WEBHOOK is no https address"
        with _unlogged():
            answer = httpx.post(parts, json={"text": text}, timeout=TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"it cannot be reached ({type(error).__name__})"
    return None if answer.is_success else f"it answered {answer.status_code}"


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep httpx from logging the address of each request at the level INFO."""
    logger = logging.getLogger("httpx")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
