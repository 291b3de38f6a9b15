"""The API's two clocks, its timestamp texts and the time inside a UUID, as exact nanoseconds since 1970-01-01 UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

NANOSECONDS: Final = 1_000_000_000
_UNIX_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_GO_ZERO_NS: Final = (date(1, 1, 1).toordinal() - _UNIX_EPOCH_DAY) * 86_400 * NANOSECONDS
# TIMESTAMP_NS and pandas keep a signed 64-bit count; its smallest values mean "no time" and infinity there.
MIN_NS: Final = -(2**63) + 2
MAX_NS: Final = 2**63 - 2
# From 1582-10-15, where UUID version 1 counts its 100 ns ticks, to 1970 (RFC 9562, section 5.1).
GREGORIAN_TICKS: Final = 0x01B21DD213814000

_DATE_AND_TIME = r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
# Go prints a numeric offset, a zone name (or the offset again), and the monotonic clock when it holds one.
_GO = re.compile(_DATE_AND_TIME + r" ([+-])(\d\d)(\d\d)(?: [A-Za-z0-9+-]+)?(?: m=[+-]\d+(?:\.\d+)?)?", re.ASCII)
_RFC_3339 = re.compile(_DATE_AND_TIME + r"(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_UUID_1 = re.compile(
    r"([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)


def parse_timestamp(text: str) -> int | None:
    """Return the instant in nanoseconds since 1970-01-01 UTC; None for Go's zero time, which means "no time".

    Raises ValueError for text that is neither form, has more than nanoseconds, or lies outside 1677 to 2262.
    Source: Go `time.Time.String`, RFC 3339 section 5.6.
    """
    stripped = text.strip()
    match = _GO.fullmatch(stripped) or _RFC_3339.fullmatch(stripped)
    if match is None:
        raise ValueError(f"not a timestamp: {text!r}")
    year, month, day, hours, minutes, seconds = (int(field) for field in match.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = match.groups()[6:]
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"no such time of day: {hours}:{minutes}:{seconds}")
    seconds_of_day = hours * 3_600 + minutes * 60 + seconds - _offset_seconds(sign, offset_hours, offset_minutes)
    instant = (_days_since_epoch(year, month, day) * 86_400 + seconds_of_day) * NANOSECONDS + _fraction_ns(fraction)
    # A zone's offset is printed to the minute, so a zero time seen from a zone with seconds is off by some.
    if abs(instant - _GO_ZERO_NS) < 86_400 * NANOSECONDS:
        return None
    if not MIN_NS <= instant <= MAX_NS:
        raise ValueError(f"outside the years 1677 to 2262: {text!r}")
    return instant


def _days_since_epoch(year: int, month: int, day: int) -> int:
    # The zero time west of Greenwich stands on the last day of year 0, which `date` does not know.
    if (year, month, day) == (0, 12, 31):
        return date(1, 1, 1).toordinal() - 1 - _UNIX_EPOCH_DAY
    return date(year, month, day).toordinal() - _UNIX_EPOCH_DAY


def _offset_seconds(sign: str | None, hours_text: str | None, minutes_text: str | None) -> int:
    hours, minutes = int(hours_text or 0), int(minutes_text or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(f"no such offset: {sign or ''}{hours:02d}{minutes:02d}")
    seconds = hours * 3_600 + minutes * 60
    return -seconds if sign == "-" else seconds


def _fraction_ns(digits: str | None) -> int:
    if digits is None:
        return 0
    if digits[9:].strip("0"):
        raise ValueError(f"finer than a nanosecond: .{digits}")
    return int(digits[:9].ljust(9, "0"))


@lru_cache(maxsize=4_096)  # the zero time, and times that cannot be read, come again and again
def timestamp_or_none(text: str | None) -> int | None:
    """Return the instant as `parse_timestamp` does; None also for missing, empty and unreadable text."""
    try:
        return parse_timestamp(text) if text else None
    except ValueError:
        return None


def planned_time(uid: str) -> int | None:
    """Return when a UUID version 1 was made, in nanoseconds since 1970-01-01 UTC; None for any other text.

    CCE makes a step's uid when it plans the step, so this is the planned time. Source: RFC 9562, section 5.1.
    """
    match = _UUID_1.fullmatch(uid)
    if match is None:
        return None
    low, middle, high = match.groups()
    instant = (int(high + middle + low, 16) - GREGORIAN_TICKS) * 100
    return instant if MIN_NS <= instant <= MAX_NS else None


def utc_text(instant_ns: int) -> str:
    """Return an instant as DuckDB writes a TIMESTAMP_NS: `2026-05-22 00:00:00.000000001`, without a fraction of 0."""
    seconds, fraction = divmod(instant_ns, NANOSECONDS)
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{whole.isoformat(' ')[:19]}{digits}"  # strftime takes twice as long


def iso_text(text: str) -> str:
    """Return the text of a TIMESTAMP_NS, as `utc_text` returns it, as ISO 8601 in UTC."""
    return text.replace(" ", "T") + "Z"
