"""One step type explained from the published file: which window, which queries, one result.

Lives here: choosing the window, asking, putting together. Does not: SQL (`explanation_queries`), sentences
(`explanation_text`), the terminal (`cli`).
"""

from math import isfinite, isnan, nan
from typing import Any, Final, TypeVar

import msgspec

from cce_etl.analysis.cohorts import ratio_of_medians
from cce_etl.analysis.explain import queries
from cce_etl.analysis.explain.periods import Instant, Period, iso_text, read_instant, sql_text
from cce_etl.analysis.explain.result import (
    Change,
    Cost,
    Durations,
    Explanation,
    FailureRate,
    Finding,
    Ratio,
    Reason,
    RootCounts,
    Shape,
    SlowJob,
    Window,
)
from cce_etl.analysis.explain.scope import Scope, require_known, require_tables
from cce_etl.analysis.published import Published
from cce_etl.errors import ConfigError
from cce_etl.timestamps import NANOSECONDS

_Part = TypeVar("_Part", bound=msgspec.Struct)
USUAL_DAYS: Final = 28


def explain(
    published: Published,
    step: str,
    *,
    since: Instant | None = None,
    until: Instant | None = None,
    source: str | None = None,
    root_type: str | None = None,
) -> Explanation:
    """Explain how long steps of one type take now, against before, and why: since when, for whom, at what cost.

    The window takes the steps that start from `since` and before `until`: dates, times (UTC without a zone) or spans
    back from the end of the data, its latest observation (`7d`). By default it begins with the last change point of
    the step, else with the latest change of a cohort whose durations stand out, else 28 days before it ends; the
    baseline is the equally long time before. Without `source` all sources are taken together. Change points, cohorts,
    cost and reasons are of the whole history and of all root types.
    Raises ConfigError for a step, source, root type or time that is none, and where no job has a time; WarehouseError
    for a file without the tables.
    """
    require_tables(published)
    scope = Scope(step, source, root_type)
    require_known(published, scope)
    end_ns = _data_end(published, scope)
    until_ns = end_ns if until is None else read_instant("until", until, end_ns)
    if since is None:
        since_ns, origin = _usual_start(published, scope, until_ns)
    else:
        since_ns, origin = read_instant("since", since, end_ns), "as asked"
    window = _window(since_ns, until_ns)
    asked = queries.all_queries(scope, window)
    baseline = _shown(window.before(), "equally long before")
    data_ends_at = iso_text(sql_text(end_ns))
    answers = _answers(published, asked)
    return Explanation(
        step, source, root_type, data_ends_at, _shown(window, origin), baseline, **answers, queries=asked
    )


def _data_end(published: Published, scope: Scope) -> int:
    (row,) = published.records(queries.data_end(scope))
    if row["data_ends_at"] is None:
        jobs = "job" if scope.source is None else f"job of the source {scope.source!r}"
        raise ConfigError(f"No {jobs} in {published.path} has a time: there is nothing to tell about {scope.step!r}.")
    return read_instant("observed_at", row["data_ends_at"], 0)


def _usual_start(published: Published, scope: Scope, until_ns: int) -> tuple[int, str]:
    """Return where the window begins when nobody says, and why there."""
    changes = _parts(published, queries.changes(scope, until_ns), Change)
    if changes:
        return max(read_instant("changed_at", change.date, 0) for change in changes), "since the last change"
    findings = _parts(published, queries.findings(scope, until_ns), Finding)
    slow = [finding.since for finding in findings if finding.measure == "duration" and finding.since is not None]
    if slow:
        return max(read_instant("since", moment, 0) for moment in slow), "since a cohort's change"
    return until_ns - USUAL_DAYS * 86_400 * NANOSECONDS, f"the last {USUAL_DAYS} days"


def _window(since_ns: int, until_ns: int) -> Period:
    if since_ns >= until_ns:
        raise ConfigError(f"since ({sql_text(since_ns)} UTC) is not before until ({sql_text(until_ns)} UTC).")
    return Period(since_ns, until_ns)


def _shown(period: Period, origin: str) -> Window:
    return Window(iso_text(sql_text(period.since_ns)), iso_text(sql_text(period.until_ns)), origin)


def _answers(published: Published, asked: dict[str, str]) -> dict[str, Any]:
    (now,), (before,) = (_parts(published, asked[part], Durations) for part in ("now", "before"))
    (rate,), (rate_before,) = (
        _parts(published, asked[part], FailureRate) for part in ("failure_rate", "failure_rate_before")
    )
    (cost,) = _parts(published, asked["cost"], Cost)
    (tested,) = _parts(published, asked["tested"], RootCounts)
    return {
        "now": now,
        "before": before,
        "ratio": _ratio(before, now),
        "changes": _parts(published, asked["changes"], Change),
        "shapes": _parts(published, asked["shapes"], Shape),
        "findings": _parts(published, asked["findings"], Finding),
        "tested": tested,
        "cost": cost,
        "failure_rate": rate,
        "failure_rate_before": rate_before,
        "reasons": _parts(published, asked["reasons"], Reason),
        "slowest": _parts(published, asked["slowest"], SlowJob),
    }


def _parts(published: Published, sql: str, kind: type[_Part]) -> list[_Part]:
    rows = published.records(sql)
    return [msgspec.convert({name: _plain(name, value) for name, value in row.items()}, kind) for row in rows]


def _plain(name: str, value: Any) -> Any:
    """Return a value as the result holds it: times as ISO 8601; None for what is no number to JSON."""
    if isinstance(value, str) and (name in ("date", "since") or name.endswith("_at")):
        return iso_text(value)
    return None if isinstance(value, float) and not isfinite(value) else value


def _ratio(before: Durations, now: Durations) -> Ratio | None:
    """Return how the median root job changed; None where one of the windows has no interval."""
    old, new = (
        [nan if figure is None else figure for figure in (side.low, side.median_seconds, side.high)]
        for side in (before, now)
    )
    change = ratio_of_medians(old, new)
    return None if isnan(change.ratio) else Ratio(change.ratio, change.ratio_low, change.ratio_high)
