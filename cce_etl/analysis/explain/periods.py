"""The window a question is about and the one before it: text of dates and spans, to nanoseconds and back.

Lives here: reading `--since` and `--until`, the window before. Does not: which window is the default (`explain`).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cce_etl.errors import ConfigError
from cce_etl.timestamps import NANOSECONDS, parse_timestamp

Instant = str | date
_SPAN: Final = re.compile(r"(\d{1,6}) ?([hdw])", re.ASCII)
_UNIT_NS: Final = {unit: hours * 3_600 * NANOSECONDS for unit, hours in (("h", 1), ("d", 24), ("w", 168))}
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?)?(Z|z|[+-]\d\d:\d\d)?", re.ASCII)
_EARLIEST_NS: Final = -(2**63) + 2


@dataclass(frozen=True, slots=True)
class Period:
    """Hold a span of time in nanoseconds since 1970-01-01 UTC: from `since_ns`, before `until_ns`."""

    since_ns: int
    until_ns: int

    def before(self) -> "Period":
        """Return the equally long time that ends where this one begins."""
        return Period(max(_EARLIEST_NS, 2 * self.since_ns - self.until_ns), self.since_ns)


def read_instant(name: str, value: Instant, end_ns: int) -> int:
    """Return the nanoseconds of a date, a time or a span back from the end of the data (`7d`, `4w`, `12h`).

    A time without a zone is UTC. Raises ConfigError, with the option's name, for anything else.
    """
    text = str(value).strip()
    span, moment = _SPAN.fullmatch(text), _DATE.fullmatch(text)
    try:
        if span:
            instant: int | None = end_ns - int(span[1]) * _UNIT_NS[span[2]]
        else:
            instant = parse_timestamp(_rfc_3339(moment) if moment else text)
    except ValueError:
        instant = None
    if instant is None or instant < _EARLIEST_NS:
        raise ConfigError(
            f"{name} is wrong: {text!r} is no date (2026-05-22), time (2026-05-22T10:00) or span (7d, 4w, 12h)."
        )
    return instant


def _rfc_3339(moment: re.Match[str]) -> str:
    day, minutes, seconds, zone = moment.groups()
    return f"{day}T{minutes or '00:00'}{seconds or ':00'}{zone or 'Z'}"


def sql_text(instant_ns: int) -> str:
    """Return an instant as DuckDB writes a TIMESTAMP_NS: `2026-05-22 00:00:00.000000001`, no fraction when it is 0."""
    seconds, fraction = divmod(instant_ns, NANOSECONDS)
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{whole:%Y-%m-%d %H:%M:%S}{digits}"


def iso_text(text: str) -> str:
    """Return DuckDB's text of a TIMESTAMP_NS as ISO 8601 in UTC."""
    return text.replace(" ", "T") + "Z"
