"""Whether the data is fresh and complete, judged from the published file alone, so that no run is disturbed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cce_etl.errors import WarehouseError
from cce_etl.publish.query import open_published
from cce_etl.warehouse.connection import Connection, warehouse_errors

_HOUR_NS: Final = 3_600 * 10**9
_COVERAGE: Final = """
    SELECT source, coverage_rate, listed_count - final_count - answered_count, open_letter_count, earlier_letter_count
    FROM marts.ingest_coverage ORDER BY source
"""


class Limits(msgspec.Struct, frozen=True):
    """What still counts as healthy.

    Without `max_dead_letters`, as many may be open as were before the last run.
    """

    max_age_hours: float
    min_coverage: float
    max_dead_letters: int | None


class HealthCheck(msgspec.Struct, frozen=True):
    """The state of one subject, with advice when it is not well."""

    subject: str
    is_well: bool
    text: str


class Health(msgspec.Struct, frozen=True):
    """All health checks together; the age is None when there is no published file."""

    is_well: bool
    published_age_seconds: float | None
    vitals: list[HealthCheck]


class _Source(msgspec.Struct, frozen=True):
    name: str
    coverage_rate: float | None
    missing_count: int
    open_dead_letter_count: int
    earlier_dead_letter_count: int


def check_published(published: Path, limits: Limits, now: int) -> Health:
    """Return the health of the published file at a moment (ns since 1970 UTC).

    Raises WarehouseError when the file cannot be read, or is of an older version without these figures.
    """
    if not published.exists():
        text = f"there is no published file at {published}. Run `cce-etl run`, or set CCE_PUBLISHED"
        return _health(None, [HealthCheck("age", is_well=False, text=text)])
    with open_published(published) as connection, warehouse_errors(published):
        published_at, sources = _read(connection, published)
    checks = [_check_age(published_at, limits.max_age_hours, now)]
    for source in sources:
        checks += _check_source(source, limits)
    return _health((now - published_at) / 1e9, checks)


def _health(published_age_seconds: float | None, checks: list[HealthCheck]) -> Health:
    return Health(all(check.is_well for check in checks), published_age_seconds, checks)


def _read(connection: Connection, published: Path) -> tuple[int, list[_Source]]:
    known = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'marts' AND table_name = 'ingest_coverage'"
    if connection.execute(known).fetchall() == [(0,)]:
        raise WarehouseError(
            f"{published} was published by an older cce-etl. Run `cce-etl build` and `cce-etl publish`."
        )
    ((published_at,),) = connection.execute("SELECT epoch_ns(published_at) FROM main.manifest").fetchall()
    return int(published_at), [_Source(*row) for row in connection.execute(_COVERAGE).fetchall()]


def _check_age(published_at: int, max_age_hours: float, now: int) -> HealthCheck:
    hours = (now - published_at) / _HOUR_NS
    text = f"published {hours:.1f} hours ago, the limit is {max_age_hours:g}"
    if hours <= max_age_hours:
        return HealthCheck("age", is_well=True, text=text)
    advice = "See why the last run did not end: `cce-etl status`, then run again"
    return HealthCheck("age", is_well=False, text=f"{text}. {advice}")


def _check_source(source: _Source, limits: Limits) -> Iterator[HealthCheck]:
    if source.coverage_rate is not None:
        subject = f"coverage of {source.name}"
        text = (
            f"{source.coverage_rate:.1%} of the listed ids are final or were answered in the last run, "
            f"the limit is {limits.min_coverage:.1%}"
        )
        is_covered = source.coverage_rate >= limits.min_coverage
        advice = "" if is_covered else f". `cce-etl run` asks for the other {source.missing_count:,}"
        yield HealthCheck(subject, is_covered, text + advice)
    limit = source.earlier_dead_letter_count if limits.max_dead_letters is None else limits.max_dead_letters
    origin = "as many as before the last run" if limits.max_dead_letters is None else "the limit"
    text = f"{source.open_dead_letter_count:,} open, {origin}: {limit:,}"
    is_few = source.open_dead_letter_count <= limit
    advice = "" if is_few else ". See them with `cce-etl dead-letters`, then --retry or --replay"
    yield HealthCheck(f"dead letters of {source.name}", is_few, text + advice)
