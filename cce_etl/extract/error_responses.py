"""What a response other than 200 means: the API's error bodies and codes as errors of this project. Pure."""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from cce_etl.errors import ApiError, AuthError, ConfigError, JobGone, ResponseDetails, RetryableError
from cce_etl.extract.untrusted_json import decode_or_none

EXCERPT_CHARACTERS: Final = 500
MAX_WAIT_SECONDS: Final = 300.0
_BUSY_CODES: Final = ("CCE.01429002", "CCE.01429003")
_UNPAID_CODE: Final = "CCE.01429004"
# The gateway says its limit in words only: "... over ratelimit,limit:10,time:1 minute".
_LIMIT_TEXT: Final = re.compile(r"limit:\s*(\d+)\s*,\s*time:\s*(\d+)\s*(second|minute|hour|day)", re.IGNORECASE)
_UNIT_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


class ErrorBody(msgspec.Struct, frozen=True):
    """Code, message and request id of an error body, whatever its shape; None where it has none."""

    code: str | None = None
    message: str | None = None
    request_id: str | None = None


def parse_error_body(body: bytes) -> ErrorBody:
    """Return code, message and request id from any of the API's error shapes; all None for HTML or an empty body."""
    document = decode_or_none(body, dict[str, Any])
    if document is None:
        return ErrorBody()
    nested = document.get("error")
    places = [document, nested] if isinstance(nested, dict) else [document]
    return ErrorBody(
        code=_first(places, "errorCode", "error_code", "code"),
        message=_first(places, "errorMessage", "error_msg", "error_message", "message", "reason"),
        request_id=_first(places, "request_id", "requestId"),
    )


def _first(places: list[dict[str, Any]], *keys: str) -> str | None:
    for place in places:
        for key in keys:
            value = place.get(key)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
    return None


def excerpt(body: bytes) -> str:
    """Return the beginning of a body as text, at most EXCERPT_CHARACTERS long, control characters made visible."""
    text = body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", errors="replace")[:EXCERPT_CHARACTERS]
    return _visible(text, "\n\t")


def _visible(text: str, kept: str) -> str:
    return "".join(char if char.isprintable() or char in kept else f"\\x{ord(char):02x}" for char in text)


def to_error(  # noqa: PLR0911  one return for each meaning
    status: int, headers: Mapping[str, str], body: bytes, url: str
) -> ApiError | ConfigError:
    """Return the error that a response other than 200 stands for; a wrong URL, region or project is a ConfigError.

    A 403 is a plain ApiError, because it concerns one id. Only the caller can see whether all ids are refused.
    """
    parsed = parse_error_body(body)
    code = parsed.code or ""
    request_id = parsed.request_id or headers.get("x-request-id")
    details: ResponseDetails = {"status": status, "error_code": parsed.code, "request_id": request_id, "url": url}
    described = describe(status, parsed, request_id)
    if status == 401:
        return AuthError(
            f"The API refused the credentials: {described}. Check that the token is not older than 24 hours "
            "(CCE_AUTH_TOKEN), the key is right, and this machine's clock is within 15 minutes.",
            **details,
        )
    if status == 404 and code == "APIGW.0101":
        return ConfigError(
            f"The API does not know the URL {url}: {described}. "
            "Check CCE_ENDPOINT or CCE_REGION, and CCE_PROJECT_ID: the project must belong to that region."
        )
    if status == 404 and code == "CCE.01404001":
        return JobGone(f"The API no longer knows this job: {described}", **details)
    if code == _UNPAID_CODE:
        return AuthError(f"The account's balance is unpaid: {described}. Settle it, then run again.", **details)
    if status == 429 or code in _BUSY_CODES:
        wait = wait_seconds(headers, parsed.message or "", datetime.now(UTC))
        return RetryableError(
            f"The API asks for fewer requests: {described}", **details, retry_after_seconds=wait, is_throttle=True
        )
    if status >= 500 or status == 408:
        wait = wait_seconds(headers, "", datetime.now(UTC))
        return RetryableError(f"The API failed: {described}", **details, retry_after_seconds=wait)
    return ApiError(described, **details)


def describe(status: int, parsed: ErrorBody, request_id: str | None) -> str:
    """Return status, code, message and request id of a response as one line."""
    parts = [f"HTTP {status}", (parsed.code or "")[:100], (parsed.message or "")[:EXCERPT_CHARACTERS]]
    line = " ".join(" ".join(parts).split())
    return _visible(f"{line} (request id {request_id[:100]})" if request_id else line, "")


def wait_seconds(headers: Mapping[str, str], message: str, now: datetime) -> float | None:
    """Return how long a response asks to wait, at most MAX_WAIT_SECONDS; None when it does not say.

    It is read from Retry-After (seconds or an HTTP date), else from the text of the gateway.
    """
    value = headers.get("retry-after", "").strip()
    stated: float | None = None
    try:
        stated = float(value)
    except ValueError:
        with suppress(ValueError, OverflowError):
            moment = parsedate_to_datetime(value)
            stated = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    if stated is None or not math.isfinite(stated):
        limit = _LIMIT_TEXT.search(message)
        stated = float(limit.group(2)) * _UNIT_SECONDS[limit.group(3).lower()] if limit else None
    return None if stated is None else min(max(stated, 0.0), MAX_WAIT_SECONDS)
