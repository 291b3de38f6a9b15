"""One step type explained from the published file: chooses the window, runs the queries, returns one result."""

from math import isfinite, isnan
from typing import Any, Final, TypeVar

import msgspec

from cce_etl.analysis.cohorts import ratio_of_medians
from cce_etl.analysis.explain import queries, result
from cce_etl.analysis.explain.periods import Instant, Period, read_instant
from cce_etl.analysis.explain.text import sections
from cce_etl.analysis.published import Published
from cce_etl.analysis.scope import Scope, require_known
from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.timestamps import NANOSECONDS, iso_text, utc_text

_Part = TypeVar("_Part", bound=msgspec.Struct)
_DEFAULT_DAYS: Final = 28
# The parts of an explanation that are one row each, and those that are several rows.
_ROW_OF_PART: Final[dict[str, type[msgspec.Struct]]] = {
    "now": result.Durations,
    "before": result.Durations,
    "failure_rate": result.FailureRate,
    "failure_rate_before": result.FailureRate,
    "cost": result.Cost,
    "tested": result.RootCounts,
}
_ROWS_OF_PARTS: Final[dict[str, type[msgspec.Struct]]] = {
    "changes": result.Change,
    "shapes": result.Shape,
    "findings": result.Finding,
    "reasons": result.Reason,
    "slowest": result.SlowJob,
}
_NEEDED_COLUMNS: Final = frozenset(
    (
        *("marts.duration_changes.is_finding", "marts.failure_reasons.reason_template"),
        *("marts.steps.root_shape_id", "marts.steps.critical_seconds", "marts.steps.is_blamed"),
        *("marts.step_blame.minutes_saved_per_day", "marts.step_cohorts.dimensions"),
    )
)
_COLUMNS: Final = "SELECT schema_name || '.' || table_name || '.' || column_name AS name FROM duckdb_columns()"


def explain(
    published: Published,
    step: str,
    *,
    since: Instant | None = None,
    until: Instant | None = None,
    source: str | None = None,
    root_type: str | None = None,
) -> result.Explanation:
    """Explain how long steps of one type take now, compared with before, and what explains the difference.

    The window takes the steps that start from `since` on and before `until`. By default it ends with the data, and
    begins with the last change point of the step type, else with the latest change of a cohort whose durations differ,
    else 28 days before it ends. The baseline is the equally long time before the window.

    Args:
        published: The published file.
        step: The step type.
        since: A date, a time (UTC without a zone) or a span (`7d`) back from the end of the data, its latest fetch.
        until: The same.
        source: One source. Without it all sources are taken together.
        root_type: One type of root job. Change points, cohorts, cost and reasons are of all root types, and of the
            whole history, in any case.

    Raises:
        ConfigError: the step type, source, root type or time is wrong, or no job has a time.
        WarehouseError: an older version published the file, and it lacks tables.
    """
    missing = _NEEDED_COLUMNS - {row["name"] for row in published.records(_COLUMNS)}
    if missing:
        raise WarehouseError(
            f"{published.path} has no {min(missing)}: an older cce-etl published it. "
            "Run `cce-etl build`, then `cce-etl publish`."
        )
    scope = Scope(step, source, root_type)
    require_known(published, scope)
    (end,) = published.records(queries.filled(queries.DATA_END, scope))
    if end["data_ends_at"] is None:
        jobs = "job" if source is None else f"job of the source {source!r}"
        raise ConfigError(f"No {jobs} in {published.path} has a time: there is nothing to say about {step!r}.")
    end_ns = read_instant("observed_at", end["data_ends_at"], 0)
    until_ns = end_ns if until is None else read_instant("until", until, end_ns)
    if since is None:
        since_ns, origin = _default_start(published, scope, until_ns)
    else:
        since_ns, origin = read_instant("since", since, end_ns), "as asked"
    if since_ns >= until_ns:
        raise ConfigError(f"since ({utc_text(since_ns)} UTC) is not before until ({utc_text(until_ns)} UTC).")
    window = Period(since_ns, until_ns)
    asked = queries.all_queries(scope, window)
    figures: dict[str, Any] = {part: _rows(published, asked[part], row) for part, row in _ROWS_OF_PARTS.items()}
    for part, row in _ROW_OF_PART.items():
        (figures[part],) = _rows(published, asked[part], row)
    sides = [(side.low, side.median_seconds, side.high) for side in (figures["before"], figures["now"])]
    change = ratio_of_medians(*sides)
    found = result.Explanation(
        step,
        source,
        root_type,
        data_ends_at=iso_text(utc_text(end_ns)),
        window=_window(window, origin),
        baseline=_window(window.before(), "equally long before"),
        ratio=None if isnan(change.ratio) else result.Ratio(change.ratio, change.ratio_low, change.ratio_high),
        **figures,
        queries=asked,
    )
    return msgspec.structs.replace(found, sections=sections(found))


def _default_start(published: Published, scope: Scope, until_ns: int) -> tuple[int, str]:
    """Return where the window begins when `since` is not given, and why there."""
    until = queries.instant(until_ns)
    changes = _rows(published, queries.filled(queries.CHANGES, scope, until=until), result.Change)
    if changes:
        return max(read_instant("changed_at", change.date, 0) for change in changes), "since the last change"
    findings = _rows(published, queries.filled(queries.FINDINGS, scope, until=until), result.Finding)
    slow = [finding.since for finding in findings if finding.measure == "duration" and finding.since is not None]
    if slow:
        return max(read_instant("since", moment, 0) for moment in slow), "since a cohort's change"
    return until_ns - _DEFAULT_DAYS * 86_400 * NANOSECONDS, f"the last {_DEFAULT_DAYS} days"


def _window(period: Period, origin: str) -> result.Window:
    return result.Window(iso_text(utc_text(period.since_ns)), iso_text(utc_text(period.until_ns)), origin)


def _rows(published: Published, sql: str, row_type: type[_Part]) -> list[_Part]:
    """Return the rows of a query; times are ISO 8601, and NaN and infinity, which JSON does not know, are None."""
    rows = published.records(sql)
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and (name in ("date", "since") or name.endswith("_at")):
                row[name] = iso_text(value)
            elif isinstance(value, float) and not isfinite(value):
                row[name] = None
    return msgspec.convert(rows, list[row_type])  # type: ignore[valid-type]
