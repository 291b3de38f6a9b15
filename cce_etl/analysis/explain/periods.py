"""The window that an explanation is about and the window before it, read from dates, times and spans."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from cce_etl.errors import ConfigError
from cce_etl.timestamps import MIN_NS, NANOSECONDS, parse_timestamp

Instant = str | date
_SPAN: Final = re.compile(r"(\d{1,6}) ?([hdw])", re.ASCII)
_UNIT_NS: Final = {unit: hours * 3_600 * NANOSECONDS for unit, hours in (("h", 1), ("d", 24), ("w", 168))}
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?)?(Z|z|[+-]\d\d:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time in nanoseconds since 1970-01-01 UTC, from `since_ns` on and before `until_ns`."""

    since_ns: int
    until_ns: int

    def before(self) -> "Period":
        """Return the equally long period that ends where this one begins."""
        return Period(max(MIN_NS, 2 * self.since_ns - self.until_ns), self.since_ns)


def read_instant(name: str, value: Instant, end_ns: int) -> int:
    """Return the nanoseconds of a date, a time or a span (`7d`, `4w`, `12h`) back from the end of the data.

    A time without a zone is UTC.

    Raises:
        ConfigError: it is anything else; the message names the option.
    """
    text = str(value).strip()
    span, moment = _SPAN.fullmatch(text), _DATE.fullmatch(text)
    try:
        if span:
            instant: int | None = end_ns - int(span[1]) * _UNIT_NS[span[2]]
        elif moment:
            day, minutes, seconds, zone = moment.groups()
            instant = parse_timestamp(f"{day}T{minutes or '00:00'}{seconds or ':00'}{zone or 'Z'}")
        else:
            instant = parse_timestamp(text)
    except ValueError:
        instant = None
    if instant is None or instant < MIN_NS:
        raise ConfigError(
            f"{name} is wrong: {text!r} is no date (2026-05-22), time (2026-05-22T10:00) or span (7d, 4w, 12h)."
        )
    return instant
