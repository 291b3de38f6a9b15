"""Times as the API writes them: Go's `Time.String()`, and UUIDs of version 1 with the planned time inside."""

from typing import Final

from cce_etl.timestamps import GREGORIAN_TICKS, utc_text

# What Go prints for a time that was never set; synthetic steps that have not started carry it.
GO_ZERO_TIME: Final = "0001-01-01 00:00:00 +0000 UTC"
UUID_TICK_NS: Final = 100


def go_time(instant_ns: int) -> str:
    """Return nanoseconds since 1970-01-01 UTC as Go prints them, without trailing zeros of the fraction."""
    return f"{utc_text(instant_ns)} +0000 UTC"


def uuid1(instant_ns: int, clock_sequence: int, node: str) -> str:
    """Return a UUID of version 1 for an instant, exact to 100 ns.

    Args:
        instant_ns: Nanoseconds since 1970-01-01 UTC.
        clock_sequence: 14 bits.
        node: 12 hexadecimal digits that name the machine.

    Source: RFC 9562, section 5.1.
    """
    ticks = instant_ns // UUID_TICK_NS + GREGORIAN_TICKS
    low, middle, high = ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF
    return f"{low:08x}-{middle:04x}-{high | 0x1000:04x}-{clock_sequence & 0x3FFF | 0x8000:04x}-{node}"
