"""Columns of clock texts and uids to columns of instants, many at a time.

Lives here: Go's text in UTC and UUID version 1, read by position, in arrays. All other text goes to `timestamps`.
Does not: any form of its own: each value is what `timestamps` makes of it.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cce_etl.timestamps import GREGORIAN_TICKS, MAX_NS, MIN_NS, NANOSECONDS, parse_timestamp

_Integers = NDArray[np.int64]
_Booleans = NDArray[np.bool_]

# `2018-08-02 08:12:40.672772389 +0000 UTC`: places of the digits, of what stands between them, and what must end it.
_DIGIT_PLACES: Final = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_MARK_PLACES: Final = np.array([4, 7, 10, 13, 16])
_MARKS: Final = np.frombuffer(b"-- ::", np.uint8)
_SUFFIX: Final = np.frombuffer(b" +0000 UTC", np.uint8)
_BARE_LENGTH: Final = 29
_FRACTION_AT: Final = 20
_FRACTION_WEIGHTS: Final = 10 ** np.arange(8, -1, -1)
_FIRST_YEAR, _LAST_YEAR = 1678, 2261  # all of whose instants fit 64 bits

_UUID_LENGTH: Final = 36
_DASH_PLACES: Final = np.array([8, 13, 18, 23])
_HEX_PLACES: Final = np.array([place for place in range(_UUID_LENGTH) if place not in (8, 13, 18, 23)])
_NO_HEX: Final = 255
_HEX_VALUES: Final = np.full(256, _NO_HEX, np.uint8)
for _value, _digits in enumerate(zip("0123456789abcdef", "0123456789ABCDEF", strict=True)):
    _HEX_VALUES[[ord(digit) for digit in _digits]] = _value
# The places, among the 32 hexadecimal digits, of the time without the version, the highest first.
_TICK_DIGITS: Final = np.array([13, 14, 15, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7])
_TICK_WEIGHTS: Final = 16 ** np.arange(14, -1, -1, dtype=np.int64)


def parsed_timestamps(texts: pa.StringArray) -> pa.TimestampArray:
    """Return the instants of clock texts, in ns since 1970 UTC; null for what is missing, no time, or unreadable."""
    starts, lengths, data = _characters(texts)
    instants, is_known = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    usual = np.flatnonzero((lengths == _BARE_LENGTH) | ((lengths > _BARE_LENGTH + 1) & (lengths <= _BARE_LENGTH + 10)))
    if usual.size:
        instants[usual], is_known[usual] = _utc_instants(data, starts[usual], lengths[usual])
    for place in np.flatnonzero(~is_known & (lengths > 0)).tolist():
        instant = _instant(texts[place].as_py())
        if instant is not None:
            instants[place], is_known[place] = instant, True
    return pa.array(instants, pa.timestamp("ns"), mask=~is_known)


@lru_cache(maxsize=4_096)  # the zero time and what a cloud cannot write come again and again
def _instant(text: str) -> int | None:
    try:
        return parse_timestamp(text)
    except ValueError:
        return None


def planned_times(uids: pa.StringArray) -> pa.TimestampArray:
    """Return when each UUID version 1 was made, in ns since 1970 UTC; null for any other text."""
    starts, lengths, data = _characters(uids)
    instants, is_known = np.zeros(len(uids), np.int64), np.zeros(len(uids), np.bool_)
    usual = np.flatnonzero(lengths == _UUID_LENGTH)
    if usual.size:
        instants[usual], is_known[usual] = _uuid_instants(data, starts[usual])
    return pa.array(instants, pa.timestamp("ns"), mask=~is_known)


def _characters(texts: pa.StringArray) -> tuple[_Integers, _Integers, NDArray[np.uint8]]:
    """Return where each text starts, how many bytes it has (0 for null), and all bytes."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return bounds[:-1], np.diff(bounds), np.frombuffer(data or b"", np.uint8)


def _utc_instants(data: NDArray[np.uint8], starts: _Integers, lengths: _Integers) -> tuple[_Integers, _Booleans]:
    digits = data[starts[:, None] + _DIGIT_PLACES] - ord("0")  # what is below 0 wraps round to far above 9
    is_known = (digits <= 9).all(axis=1)
    is_known &= (data[starts[:, None] + _MARK_PLACES] == _MARKS).all(axis=1)
    is_known &= (data[(starts + lengths)[:, None] + np.arange(-len(_SUFFIX), 0)] == _SUFFIX).all(axis=1)
    fraction, has_fraction = _fractions(data, starts, lengths - _BARE_LENGTH - 1)
    year, month, day, hours, minutes, seconds = _fields(digits.astype(np.int64))
    is_known &= has_fraction & (hours <= 23) & (minutes <= 59) & (seconds <= 59)
    is_known &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
    months = np.where(is_known, (year - 1970) * 12 + month - 1, 0)
    first, next_first = _first_days(months), _first_days(months + 1)
    is_known &= (day >= 1) & (day <= next_first - first)
    whole_seconds = (first + day - 1) * 86_400 + hours * 3_600 + minutes * 60 + seconds
    return np.where(is_known, whole_seconds, 0) * NANOSECONDS + fraction, is_known


def _fields(digits: _Integers) -> list[_Integers]:
    pairs = digits[:, 0::2] * 10 + digits[:, 1::2]
    return [pairs[:, 0] * 100 + pairs[:, 1], *(pairs[:, column] for column in range(2, 7))]


def _first_days(months: _Integers) -> _Integers:
    days: Any = months.astype("datetime64[M]").astype("datetime64[D]")
    return days.astype(np.int64)  # type: ignore[no-any-return]


def _fractions(data: NDArray[np.uint8], starts: _Integers, digit_counts: _Integers) -> tuple[_Integers, _Booleans]:
    """Return the nanoseconds of fractions of so many digits (-1: no fraction at all), and which of them are one."""
    is_inside = np.arange(9) < digit_counts[:, None]
    places = starts[:, None] + _FRACTION_AT + np.arange(9)
    digits = np.where(is_inside, data[np.where(is_inside, places, 0)] - ord("0"), 0).astype(np.uint8)
    is_one = (digits <= 9).all(axis=1) & ((digit_counts < 0) | (data[starts + _FRACTION_AT - 1] == ord(".")))
    return digits.astype(np.int64) @ _FRACTION_WEIGHTS, is_one


def _uuid_instants(data: NDArray[np.uint8], starts: _Integers) -> tuple[_Integers, _Booleans]:
    digits = _HEX_VALUES[data[starts[:, None] + _HEX_PLACES]]
    is_known = (digits != _NO_HEX).all(axis=1)
    is_known &= (data[starts[:, None] + _DASH_PLACES] == ord("-")).all(axis=1)
    is_known &= (digits[:, 12] == 1) & (digits[:, 16] >= 8) & (digits[:, 16] <= 11)
    ticks = digits[:, _TICK_DIGITS].astype(np.int64) @ _TICK_WEIGHTS - GREGORIAN_TICKS
    is_known &= (ticks >= -(-MIN_NS // 100)) & (ticks <= MAX_NS // 100)
    return np.where(is_known, ticks, 0) * 100, is_known
