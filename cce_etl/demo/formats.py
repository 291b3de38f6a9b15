"""Times as the API writes them: Go's `Time.String()`, and UUIDs of version 1 with the planned time inside."""

from datetime import date
from functools import lru_cache
from typing import Final

from cce_etl.timestamps import NANOSECONDS

# What Go prints for a time that was never set; synthetic steps that have not started carry it.
GO_ZERO_TIME: Final = "0001-01-01 00:00:00 +0000 UTC"
UUID_TICK_NS: Final = 100
_UNIX_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_GREGORIAN_TICKS: Final = 0x01B21DD213814000


def go_time(instant_ns: int) -> str:
    """Return nanoseconds since 1970-01-01 UTC as Go prints them, without trailing zeros of the fraction."""
    seconds, fraction_ns = divmod(instant_ns, NANOSECONDS)
    day, second_of_day = divmod(seconds, 86_400)
    minute_of_day, second = divmod(second_of_day, 60)
    hour, minute = divmod(minute_of_day, 60)
    fraction = f".{fraction_ns:09d}".rstrip("0") if fraction_ns else ""
    return f"{_date(day)} {hour:02d}:{minute:02d}:{second:02d}{fraction} +0000 UTC"


@lru_cache(maxsize=512)
def _date(day: int) -> str:
    return date.fromordinal(_UNIX_EPOCH_DAY + day).isoformat()


def uuid1(instant_ns: int, clock_sequence: int, node: str) -> str:
    """Return a UUID of version 1 for an instant, exact to 100 ns.

    Args:
        instant_ns: Nanoseconds since 1970-01-01 UTC.
        clock_sequence: 14 bits.
        node: 12 hexadecimal digits that name the machine.

    Source: RFC 9562, section 5.1.
    """
    ticks = instant_ns // UUID_TICK_NS + _GREGORIAN_TICKS
    low, middle, high = ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF
    return f"{low:08x}-{middle:04x}-{high | 0x1000:04x}-{clock_sequence & 0x3FFF | 0x8000:04x}-{node}"
