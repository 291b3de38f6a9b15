"""How long steps of one type go on, from those that still run too: the Kaplan-Meier curve of a window.

Lives here: reading it. Does not: the curves of the whole history (marts.step_survival), drawing (`survival_chart`).
"""

from typing import TYPE_CHECKING

from cce_etl.analysis.explain.scope import Scope, require_known
from cce_etl.analysis.published import Published

if TYPE_CHECKING:
    import pandas

_CURVE = """
    WITH lifetimes AS (
        SELECT seconds, is_ended
        FROM core.step_lifetimes
        WHERE job_type = $1 AND seconds IS NOT NULL
            AND ($2::TIMESTAMP_NS IS NULL OR created_at >= $2::TIMESTAMP_NS)
    ),
    times AS (
        SELECT seconds, count(*) FILTER (is_ended) AS ended_count, count(*) FILTER (NOT is_ended) AS censored_count
        FROM lifetimes
        GROUP BY seconds
    ),
    risks AS (
        SELECT
            *,
            sum(ended_count + censored_count) OVER onward AS at_risk_count,
            sum(ended_count) OVER onward AS at_risk_ended_count
        FROM times
        WINDOW onward AS (ORDER BY seconds DESC)
    )
    SELECT
        seconds,
        at_risk_count::BIGINT AS at_risk_count,
        ended_count,
        censored_count,
        product(1 - ended_count / at_risk_count) OVER (ORDER BY seconds) AS survival,
        (at_risk_ended_count - ended_count) / nullif(sum(ended_count) OVER (), 0) AS ended_survival
    FROM risks
    ORDER BY seconds
"""


def survival(published: Published, step: str, since: str | None = None) -> "pandas.DataFrame":
    """Read how many steps of one type go on for longer than so many seconds, of all or of those started from `since`.

    Grain: seconds (since the start, when steps ended or were last seen running). Columns: it, at_risk_count (known to
    run just before), ended_count (in Success or Failed), censored_count (last seen then, still running), survival (the
    share that runs longer, 0..1: E. L. Kaplan and P. Meier, 1958), ended_survival (the same of the ended ones alone,
    too low while others run; NaN when none has ended). `since` is a time in UTC as DuckDB reads it.
    Raises WarehouseError for one that it does not read, ConfigError, naming the nearest ones, for a type no step has.
    All sources are taken together.
    """
    require_known(published, Scope(step))
    return published.frame(_CURVE, [step, since])


def percentile_seconds(curve: "pandas.DataFrame", share: float, column: str = "survival") -> float:
    """Return the least seconds by which a share (0..1) has ended, of a column of `survival`; NaN if none is reached."""
    # Products of fractions miss round shares by a hair.
    reached = curve.loc[curve[column] <= 1 - share + 1e-12, "seconds"]
    return float(reached.min())
