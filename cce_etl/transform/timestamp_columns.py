"""Timestamp texts and the times inside UUIDs, a whole Arrow column at a time.

It stands apart from `timestamps`, which commands import that must start without numpy.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cce_etl.statistics.arrays import BoolArray, IntArray
from cce_etl.timestamps import GREGORIAN_TICKS, MAX_NS, MIN_NS, NANOSECONDS, timestamp_or_none

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


def _characters(texts: pa.StringArray) -> tuple[IntArray, IntArray, NDArray[np.uint8]]:
    """Return where each text starts, how many bytes it has (0 for null), and the bytes of all."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return bounds[:-1], np.diff(bounds), np.frombuffer(data or b"", np.uint8)


def _windows(data: NDArray[np.uint8], starts: IntArray, width: int) -> NDArray[np.uint8]:
    """Return the `width` bytes from each start on, a column for each text; what lies behind the last text is 0."""
    padded = np.concatenate([data, np.zeros(width, np.uint8)])
    return np.lib.stride_tricks.sliding_window_view(padded, width)[starts].T.copy()


def _utc_instants(data: NDArray[np.uint8], starts: IntArray, lengths: IntArray) -> tuple[IntArray, BoolArray]:
    """Return the instants of texts that have the length of Go's form in UTC, and which of them have the form."""
    characters = _windows(data, starts, _LENGTH_WITHOUT_FRACTION + 10)
    digits = characters[_DIGIT_POSITIONS] - ord("0")  # what is below 0 wraps round to far above 9
    is_known = (digits <= 9).all(axis=0)
    is_known &= (characters[_MARK_POSITIONS] == _MARKS[:, None]).all(axis=0)
    suffixes = _windows(data, starts + lengths - len(_UTC_SUFFIX), len(_UTC_SUFFIX))
    is_known &= (suffixes == _UTC_SUFFIX[:, None]).all(axis=0)
    fraction, has_fraction = _fractions(characters, lengths - _LENGTH_WITHOUT_FRACTION - 1)
    century, year_of_century, month, day, hours, minutes, seconds = digits[0::2].astype(np.int64) * 10 + digits[1::2]
    year = century * 100 + year_of_century
    is_known &= has_fraction & (hours <= 23) & (minutes <= 59) & (seconds <= 59)
    is_known &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
    months = np.where(is_known, (year - 1970) * 12 + month - 1, 0)
    first, next_first = _first_days(months), _first_days(months + 1)
    is_known &= (day >= 1) & (day <= next_first - first)
    whole_seconds = (first + day - 1) * 86_400 + hours * 3_600 + minutes * 60 + seconds
    return np.where(is_known, whole_seconds, 0) * NANOSECONDS + fraction, is_known


def _first_days(months: IntArray) -> IntArray:
    """Return the first day of each month, both counted from 1970-01-01."""
    days: Any = months.astype("datetime64[M]").astype("datetime64[D]")
    return days.astype(np.int64)  # type: ignore[no-any-return]


def _fractions(characters: NDArray[np.uint8], digit_counts: IntArray) -> tuple[IntArray, BoolArray]:
    """Return the nanoseconds of fractions of so many digits (-1: no fraction), and which of them can be read."""
    is_inside = np.arange(9)[:, None] < digit_counts
    digits = np.where(is_inside, characters[_FRACTION_POSITION : _FRACTION_POSITION + 9] - ord("0"), 0).astype(np.uint8)
    has_point = (digit_counts < 0) | (characters[_FRACTION_POSITION - 1] == ord("."))
    return _FRACTION_WEIGHTS @ digits.astype(np.int64), (digits <= 9).all(axis=0) & has_point


def _uuid_instants(data: NDArray[np.uint8], starts: IntArray) -> tuple[IntArray, BoolArray]:
    """Return the instants of texts that have the length of a UUID, and which of them are one of version 1."""
    characters = _windows(data, starts, _UUID_LENGTH)
    digits = _HEX_VALUES[characters[_HEX_POSITIONS]]
    is_known = (digits != _NO_HEX_DIGIT).all(axis=0)
    is_known &= (characters[_DASH_POSITIONS] == ord("-")).all(axis=0)
    is_known &= (digits[12] == 1) & (digits[16] >= 8) & (digits[16] <= 11)
    ticks = _TICK_WEIGHTS @ digits[_TICK_DIGITS].astype(np.int64) - GREGORIAN_TICKS
    is_known &= (ticks >= -(-MIN_NS // 100)) & (ticks <= MAX_NS // 100)
    return np.where(is_known, ticks, 0) * 100, is_known
