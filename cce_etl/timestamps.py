"""The API's two clocks, its timestamp texts and the time inside a UUID, as exact nanoseconds since 1970-01-01 UTC.

Each is parsed one text at a time and, for loading, a whole Arrow column at a time.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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

_Integers = NDArray[np.int64]
_Booleans = NDArray[np.bool_]
# In `2018-08-02 08:12:40.672772389 +0000 UTC`: where the digits stand, where the marks between them, and its end.
_DIGIT_POSITIONS: Final = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_MARK_POSITIONS: Final = np.array([4, 7, 10, 13, 16])
_MARKS: Final = np.frombuffer(b"-- ::", np.uint8)
_UTC_SUFFIX: Final = np.frombuffer(b" +0000 UTC", np.uint8)
_LENGTH_WITHOUT_FRACTION: Final = 29
_FRACTION_POSITION: Final = 20
_FRACTION_WEIGHTS: Final = 10 ** np.arange(8, -1, -1)
_FIRST_YEAR, _LAST_YEAR = 1678, 2261  # every instant of these years fits 64 bits

_UUID_LENGTH: Final = 36
_DASH_POSITIONS: Final = np.array([8, 13, 18, 23])
_HEX_POSITIONS: Final = np.delete(np.arange(_UUID_LENGTH), _DASH_POSITIONS)
_NO_HEX_DIGIT: Final = 255
_HEX_VALUES: Final = np.full(256, _NO_HEX_DIGIT, np.uint8)
for _digit in "0123456789abcdefABCDEF":
    _HEX_VALUES[ord(_digit)] = int(_digit, 16)
# Where, among the 32 hexadecimal digits, the time stands without the version, the highest digit first.
_TICK_DIGITS: Final = np.array([13, 14, 15, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7])
_TICK_WEIGHTS: Final = 16 ** np.arange(14, -1, -1, dtype=np.int64)


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
    return f"{whole:%Y-%m-%d %H:%M:%S}{digits}"


def parse_timestamps(texts: pa.StringArray) -> pa.TimestampArray:
    """Return what `timestamp_or_none` returns of each text.

    Go's form in UTC is read by position, in arrays; any other text is read one at a time.
    """
    starts, lengths, data = _characters(texts)
    instants, is_known = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    fraction_lengths = lengths - _LENGTH_WITHOUT_FRACTION  # with the point before the digits
    usual = np.flatnonzero((fraction_lengths == 0) | ((fraction_lengths > 1) & (fraction_lengths <= 10)))
    if usual.size:
        instants[usual], is_known[usual] = _utc_instants(data, starts[usual], lengths[usual])
    for index in np.flatnonzero(~is_known & (lengths > 0)).tolist():
        instant = timestamp_or_none(texts[index].as_py())
        if instant is not None:
            instants[index], is_known[index] = instant, True
    return pa.array(instants, pa.timestamp("ns"), mask=~is_known)


def planned_times(uids: pa.StringArray) -> pa.TimestampArray:
    """Return what `planned_time` returns of each text, null for null."""
    starts, lengths, data = _characters(uids)
    instants, is_known = np.zeros(len(uids), np.int64), np.zeros(len(uids), np.bool_)
    usual = np.flatnonzero(lengths == _UUID_LENGTH)
    if usual.size:
        instants[usual], is_known[usual] = _uuid_instants(data, starts[usual])
    return pa.array(instants, pa.timestamp("ns"), mask=~is_known)


def _characters(texts: pa.StringArray) -> tuple[_Integers, _Integers, NDArray[np.uint8]]:
    """Return where each text starts, how many bytes it has (0 for null), and the bytes of all."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return bounds[:-1], np.diff(bounds), np.frombuffer(data or b"", np.uint8)


def _utc_instants(data: NDArray[np.uint8], starts: _Integers, lengths: _Integers) -> tuple[_Integers, _Booleans]:
    """Return the instants of texts that have the length of Go's form in UTC, and which of them have the form."""
    digits = data[starts[:, None] + _DIGIT_POSITIONS] - ord("0")  # what is below 0 wraps round to far above 9
    is_known = (digits <= 9).all(axis=1)
    is_known &= (data[starts[:, None] + _MARK_POSITIONS] == _MARKS).all(axis=1)
    is_known &= (data[(starts + lengths)[:, None] + np.arange(-len(_UTC_SUFFIX), 0)] == _UTC_SUFFIX).all(axis=1)
    fraction, has_fraction = _fractions(data, starts, lengths - _LENGTH_WITHOUT_FRACTION - 1)
    digits = digits.astype(np.int64)
    century, year_of_century, month, day, hours, minutes, seconds = (digits[:, 0::2] * 10 + digits[:, 1::2]).T
    year = century * 100 + year_of_century
    is_known &= has_fraction & (hours <= 23) & (minutes <= 59) & (seconds <= 59)
    is_known &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
    months = np.where(is_known, (year - 1970) * 12 + month - 1, 0)
    first, next_first = _first_days(months), _first_days(months + 1)
    is_known &= (day >= 1) & (day <= next_first - first)
    whole_seconds = (first + day - 1) * 86_400 + hours * 3_600 + minutes * 60 + seconds
    return np.where(is_known, whole_seconds, 0) * NANOSECONDS + fraction, is_known


def _first_days(months: _Integers) -> _Integers:
    """Return the first day of each month, both counted from 1970-01-01."""
    days: Any = months.astype("datetime64[M]").astype("datetime64[D]")
    return days.astype(np.int64)  # type: ignore[no-any-return]


def _fractions(data: NDArray[np.uint8], starts: _Integers, digit_counts: _Integers) -> tuple[_Integers, _Booleans]:
    """Return the nanoseconds of fractions of so many digits (-1: no fraction), and which of them can be read."""
    is_inside = np.arange(9) < digit_counts[:, None]
    positions = starts[:, None] + _FRACTION_POSITION + np.arange(9)
    digits = np.where(is_inside, data[np.where(is_inside, positions, 0)] - ord("0"), 0).astype(np.uint8)
    has_point = (digit_counts < 0) | (data[starts + _FRACTION_POSITION - 1] == ord("."))
    return digits.astype(np.int64) @ _FRACTION_WEIGHTS, (digits <= 9).all(axis=1) & has_point


def _uuid_instants(data: NDArray[np.uint8], starts: _Integers) -> tuple[_Integers, _Booleans]:
    """Return the instants of texts that have the length of a UUID, and which of them are one of version 1."""
    digits = _HEX_VALUES[data[starts[:, None] + _HEX_POSITIONS]]
    is_known = (digits != _NO_HEX_DIGIT).all(axis=1)
    is_known &= (data[starts[:, None] + _DASH_POSITIONS] == ord("-")).all(axis=1)
    is_known &= (digits[:, 12] == 1) & (digits[:, 16] >= 8) & (digits[:, 16] <= 11)
    ticks = digits[:, _TICK_DIGITS].astype(np.int64) @ _TICK_WEIGHTS - GREGORIAN_TICKS
    is_known &= (ticks >= -(-MIN_NS // 100)) & (ticks <= MAX_NS // 100)
    return np.where(is_known, ticks, 0) * 100, is_known
