"""Whether all is well, told from the published file alone: no run that holds the warehouse is disturbed.

Lives here: how old it is, how much of each source it knows, whether failures grew, and what to do about each.
Does not: the figures (marts.ingest_coverage), the limits (`settings`), drawing (`cli/`).
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from cce_etl.errors import WarehouseError
from cce_etl.publish.query import open_published
from cce_etl.warehouse.connection import Connection, warehouse_errors

_HOUR: int = 3_600 * 10**9
_COVERAGE = """
    SELECT source, coverage_rate, listed_count - final_count - answered_count, open_letter_count, earlier_letter_count
    FROM marts.ingest_coverage ORDER BY source
"""


class Limits(msgspec.Struct, frozen=True):
    """Hold what is still well; without `max_dead_letters`, as many as were open before the last run."""

    max_age_hours: float
    min_coverage: float
    max_dead_letters: int | None


class Vital(msgspec.Struct, frozen=True):
    """Say how one thing stands, and what to do when it is not well."""

    subject: str
    is_well: bool
    text: str


class Health(msgspec.Struct, frozen=True):
    """Hold all that was looked at; the age is None without a published file."""

    is_well: bool
    published_age_seconds: float | None
    vitals: list[Vital]


class _Source(msgspec.Struct, frozen=True):
    name: str
    coverage_rate: float | None
    missing_count: int
    open_letter_count: int
    earlier_letter_count: int


def check_published(published: Path, limits: Limits, now: int) -> Health:
    """Judge the published file at a moment (ns since 1970 UTC).

    Raises WarehouseError when it is there and cannot be read, or is of an older version without these figures.
    """
    if not published.exists():
        text = f"there is no published file at {published}. Run `cce-etl run`, or set CCE_PUBLISHED"
        return _health(None, [Vital("age", is_well=False, text=text)])
    with open_published(published) as connection, warehouse_errors(published):
        published_at, sources = _read(connection, published)
    vitals = [_age(published_at, limits.max_age_hours, now)]
    for source in sources:
        vitals += _vitals(source, limits)
    return _health((now - published_at) / 1e9, vitals)


def _health(published_age_seconds: float | None, vitals: list[Vital]) -> Health:
    return Health(all(vital.is_well for vital in vitals), published_age_seconds, vitals)


def _read(connection: Connection, published: Path) -> tuple[int, list[_Source]]:
    known = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'marts' AND table_name = 'ingest_coverage'"
    if connection.execute(known).fetchall() == [(0,)]:
        raise WarehouseError(
            f"{published} was published by an older cce-etl. Run `cce-etl build` and `cce-etl publish`."
        )
    ((published_at,),) = connection.execute("SELECT epoch_ns(published_at) FROM main.manifest").fetchall()
    return int(published_at), [_Source(*row) for row in connection.execute(_COVERAGE).fetchall()]


def _age(published_at: int, max_age_hours: float, now: int) -> Vital:
    hours = (now - published_at) / _HOUR
    said = f"published {hours:.1f} hours ago, the limit is {max_age_hours:g}"
    if hours <= max_age_hours:
        return Vital("age", is_well=True, text=said)
    return Vital(
        "age", is_well=False, text=f"{said}. See why the last run did not end: `cce-etl status`, then run again"
    )


def _vitals(source: _Source, limits: Limits) -> Iterator[Vital]:
    if source.coverage_rate is not None:
        yield _coverage(source, source.coverage_rate, limits.min_coverage)
    yield _letters(source, limits.max_dead_letters)


def _coverage(source: _Source, rate: float, least: float) -> Vital:
    subject = f"coverage of {source.name}"
    said = f"{rate:.1%} of the listed ids are final or were answered in the last run, the limit is {least:.1%}"
    if rate >= least:
        return Vital(subject, is_well=True, text=said)
    return Vital(subject, is_well=False, text=f"{said}. `cce-etl run` asks for the other {source.missing_count:,}")


def _letters(source: _Source, most: int | None) -> Vital:
    subject = f"dead letters of {source.name}"
    limit = source.earlier_letter_count if most is None else most
    origin = "as many as before the last run" if most is None else "the limit"
    said = f"{source.open_letter_count:,} open, {origin}: {limit:,}"
    if source.open_letter_count <= limit:
        return Vital(subject, is_well=True, text=said)
    return Vital(subject, is_well=False, text=f"{said}. See them with `cce-etl dead-letters`, then --retry or --replay")
