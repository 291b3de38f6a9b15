"""The SQL behind each number of an explanation; parameters are literals in it, so that it is shown as it ran."""

from itertools import groupby
from string import Template
from textwrap import dedent
from typing import Final

from cce_etl.analysis.explain.periods import Period
from cce_etl.analysis.scope import Scope
from cce_etl.timestamps import utc_text
from cce_etl.warehouse import quoting

# The ranks of the interval: the largest l with P(Binomial(n, 1/2) <= l - 1) <= 0.025, then n + 1 - l. Below six
# roots there is none, a list has no element 0, and both ends are NULL.
_DURATIONS: Final = """
    WITH steps AS (
        SELECT
            source,
            root_job_id,
            CASE WHEN phase = 'Success' AND duration_seconds >= 0 THEN duration_seconds END AS seconds,
            NOT is_finished AND phase IS DISTINCT FROM 'Initializing' AS is_running
        FROM marts.steps
        WHERE $steps
            AND $created
    ),
    roots AS (
        SELECT median(seconds) AS seconds FROM steps WHERE seconds IS NOT NULL GROUP BY source, root_job_id
    ),
    ranked AS (
        SELECT seconds, count(*) OVER () AS n, row_number() OVER (ORDER BY seconds) AS rank FROM roots
    ),
    tails AS (
        SELECT
            seconds,
            sum(exp(lgamma(n + 1) - lgamma(rank) - lgamma(n - rank + 2) - n * ln(2))) OVER (ORDER BY rank) AS tail
        FROM ranked
    ),
    bounds AS (
        SELECT list(seconds ORDER BY seconds) AS sorted, count(*) FILTER (tail <= 0.025) AS rank FROM tails
    )
    SELECT
        (SELECT median(seconds) FROM roots) AS median_seconds,
        quantile_cont(seconds, 0.95) AS p95_seconds,
        (SELECT sorted[rank] FROM bounds) AS low,
        (SELECT sorted[len(sorted) + 1 - rank] FROM bounds) AS high,
        count(seconds) AS n,
        (SELECT coalesce(len(sorted), 0) FROM bounds) AS root_count,
        median(seconds) AS step_median_seconds,
        count(*) FILTER (is_running) AS running_count
    FROM steps
"""
# The change points, which are of all root types.
CHANGES: Final = """
    SELECT
        source, changed_at AS date, after_median_seconds AS after, before_median_seconds AS before, ratio, q_value AS q,
        last_before_at, first_after_at, after_root_count, before_root_count,
        coalesce(first_seen_then, []) AS first_seen_then
    FROM marts.duration_changes
    WHERE $type AND is_finding AND changed_at < $until
    ORDER BY changed_at, source
"""
FINDINGS: Final = """
    SELECT
        measure, dimensions, dimension_values AS values, ratio, ratio_low AS low, ratio_high AS high, q_value AS q,
        root_count AS n, other_root_count AS other_n, step_count, since,
        median_seconds, other_median_seconds, failure_rate, other_failure_rate
    FROM marts.step_cohorts
    WHERE $findings AND (since IS NULL OR since < $until)
    ORDER BY measure, rank
"""
# Of steps of the type inside each other only the outermost counts, because its seconds include those of the others.
_COST: Final = """
    WITH steps AS (
        SELECT source, root_job_id, path, critical_seconds, string_split(path, '/') AS ordinals
        FROM marts.steps WHERE $type
    ),
    ancestors AS (
        SELECT *, unnest([array_to_string(ordinals[:level], '/') FOR level IN range(1, len(ordinals))]) AS above_path
        FROM steps
    ),
    inside AS (
        SELECT ancestors.source, ancestors.root_job_id, ancestors.path
        FROM ancestors SEMI JOIN steps AS above
            ON
                ancestors.source = above.source
                AND ancestors.root_job_id = above.root_job_id
                AND ancestors.above_path = above.path
    ),
    whole AS (
        SELECT sum(critical_seconds::DECIMAL(28, 9)) AS seconds
        FROM steps ANTI JOIN inside USING (source, root_job_id, path)
    )
    SELECT
        sum(critical_self_seconds::DECIMAL(28, 9)) / nullif(sum(root_seconds::DECIMAL(28, 9)), 0)
            AS critical_path_share,
        (SELECT seconds FROM whole) / nullif(sum(root_seconds::DECIMAL(28, 9)), 0)
            AS critical_path_share_with_sub_steps,
        sum(minutes_saved_per_day ORDER BY source) AS minutes_saved_per_day
    FROM marts.step_blame
    WHERE $type
"""
# z = 1.959963984540054 is the normal distribution's 97.5% point (E. B. Wilson, 1927).
_FAILURE_RATE: Final = """
    WITH steps AS (
        SELECT source, root_job_id, phase, is_finished, is_blamed FROM marts.steps WHERE $steps AND $created
    ),
    counts AS (
        SELECT
            count(*) FILTER (steps.is_finished) AS n,
            count(*) FILTER (steps.is_finished AND steps.is_blamed) AS blamed_count,
            count(*) FILTER (steps.phase = 'Failed') AS failed_count,
            count(*) FILTER (steps.phase = 'Failed' AND roots.phase = 'Success') AS failed_in_success_count,
            count(*) FILTER (steps.phase = 'Failed' AND NOT roots.is_finished) AS failed_in_running_count,
            blamed_count / nullif(n, 0) AS rate,
            pow(1.959963984540054, 2) / nullif(n, 0) AS z,
            (rate + z / 2) / (1 + z) AS centre,
            sqrt(z * (rate * (1 - rate) + z / 4)) / (1 + z) AS half_width
        FROM steps
        LEFT JOIN marts.root_jobs AS roots ON steps.source = roots.source AND steps.root_job_id = roots.job_id
    )
    SELECT
        rate,
        CASE WHEN n > 0 THEN least(rate, greatest(0, centre - half_width)) END AS low,
        CASE WHEN n > 0 THEN greatest(rate, least(1, centre + half_width)) END AS high,
        n, blamed_count, failed_count, failed_in_success_count, failed_in_running_count
    FROM counts
"""
_REASONS: Final = """
    SELECT
        reason_template AS reason, sum(failure_count) AS failure_count,
        min(first_failed_at) AS first_failed_at, max(last_failed_at) AS last_failed_at,
        sum(seconds_lost::DECIMAL(28, 9))::DOUBLE AS seconds_lost,
        sum(followed_count) AS followed_count, sum(recovered_count) AS recovered_count,
        sum(recovered_count) / nullif(sum(followed_count), 0) AS recovery_rate,
        min_by(example_job_id, source) AS example_job_id, min_by(example_reason, source) AS example_reason
    FROM marts.failure_reasons
    WHERE $type
    GROUP BY reason_template
    ORDER BY sum(failure_count) DESC, reason_template
"""
_SLOWEST: Final = """
    SELECT source, root_job_id, root_job_type, job_id, path, resource_name, created_at, duration_seconds
    FROM marts.steps
    WHERE $steps
        AND $created
        AND phase = 'Success' AND duration_seconds >= 0
    QUALIFY row_number() OVER (PARTITION BY source, root_job_id ORDER BY duration_seconds DESC, path) = 1
    ORDER BY duration_seconds DESC, source, root_job_id
    LIMIT 10
"""
# Cohorts are searched in all sources together, changes in each source.
_TESTED: Final = """
    WITH sources AS (
        SELECT
            source,
            count(DISTINCT root_job_id) FILTER (phase = 'Success' AND duration_seconds >= 0) AS n,
            count(DISTINCT root_job_id) AS finished_n
        FROM marts.steps
        WHERE $step AND is_finished AND created_at IS NOT NULL
        GROUP BY source
    )
    SELECT
        coalesce(max(n) FILTER ($source), 0) AS source_root_count,
        coalesce(sum(n), 0)::BIGINT AS root_count,
        coalesce(sum(finished_n), 0)::BIGINT AS finished_root_count
    FROM sources
"""
# A shape is new when the root type had only other shapes before the window; the others are of window and baseline.
_SHAPES: Final = """
    WITH firsts AS (
        SELECT
            root_job_type, root_shape_id, min(created_at) AS since,
            min(min(created_at)) OVER (PARTITION BY root_job_type) AS type_since
        FROM marts.steps
        WHERE $steps AND root_shape_id IS NOT NULL
        GROUP BY root_job_type, root_shape_id
    ),
    roots AS (
        SELECT root_job_type, root_shape_id, median(duration_seconds) AS seconds
        FROM marts.steps
        WHERE $steps
            AND $created
            AND phase = 'Success' AND duration_seconds >= 0
        GROUP BY root_job_type, root_shape_id, source, root_job_id
    ),
    new AS (
        SELECT firsts.root_job_type, firsts.root_shape_id, firsts.since
        FROM firsts
        INNER JOIN roots USING (root_shape_id)
        WHERE firsts.since >= $begin AND firsts.type_since < $begin
        GROUP BY ALL
        HAVING count(*) >= 10
    )
    SELECT
        new.root_shape_id AS shape_id, new.since,
        count(*) FILTER (roots.root_shape_id = new.root_shape_id) AS n,
        median(roots.seconds) FILTER (roots.root_shape_id = new.root_shape_id) AS median_seconds,
        median(roots.seconds) FILTER (roots.root_shape_id IS DISTINCT FROM new.root_shape_id) AS other_median_seconds
    FROM new
    INNER JOIN roots ON new.root_job_type IS NOT DISTINCT FROM roots.root_job_type
    GROUP BY ALL
    ORDER BY n DESC, shape_id
"""
# The latest fetch, where every window ends by default.
DATA_END: Final = "SELECT max(observed_at) AS data_ends_at FROM marts.root_jobs WHERE $source"


def all_queries(scope: Scope, window: Period) -> dict[str, str]:
    """Return the query behind each part of an explanation, by the part's name."""
    until = instant(window.until_ns)
    now, before = _created(window), _created(window.before())
    both = _created(Period(window.before().since_ns, window.until_ns))
    return {
        "data_ends_at": filled(DATA_END, scope),
        "now": filled(_DURATIONS, scope, created=now),
        "before": filled(_DURATIONS, scope, created=before),
        "changes": filled(CHANGES, scope, until=until),
        "tested": filled(_TESTED, scope),
        "shapes": filled(_SHAPES, scope, created=both, begin=instant(window.since_ns)),
        "findings": filled(FINDINGS, scope, until=until),
        "cost": filled(_COST, scope),
        "failure_rate": filled(_FAILURE_RATE, scope, created=now),
        "failure_rate_before": filled(_FAILURE_RATE, scope, created=before),
        "reasons": filled(_REASONS, scope),
        "slowest": filled(_SLOWEST, scope, created=now),
    }


def instant(instant_ns: int) -> str:
    """Return a time as an SQL expression."""
    return f"TIMESTAMP_NS '{utc_text(instant_ns)}'"


def _created(period: Period) -> str:
    return f"created_at >= {instant(period.since_ns)} AND created_at < {instant(period.until_ns)}"


def filled(query: str, scope: Scope, **parts: str) -> str:
    """Return a query with its conditions: those of the scope, and `parts`.

    A cohort that names a source is left out when another source is asked about.
    """
    of_type = f"job_type = {literal(scope.step)}"
    source = None if scope.source is None else literal(scope.source)
    of_source = "" if source is None else f" AND source = {source}"
    below = "" if scope.root_type is None else f" AND root_job_type = {literal(scope.root_type)}"
    named = "dimension_values[list_position(dimensions, 'source')]"
    in_cohort = "" if source is None else f" AND coalesce({named}, {source}) = {source}"
    return Template(dedent(query).strip()).substitute(
        parts,
        source="true" if source is None else f"source = {source}",
        step=of_type,
        type=of_type + of_source,
        steps=of_type + of_source + below,
        findings=of_type + in_cohort,
    )


def literal(text: str) -> str:
    """Return text as an SQL expression of printable characters only, so that it can be shown and pasted."""
    parts = [
        quoting.literal("".join(run)) if is_printable else " || ".join(f"chr({ord(char)})" for char in run)
        for is_printable, run in groupby(text, key=str.isprintable)
    ]
    return f"({' || '.join(parts)})" if len(parts) > 1 else "".join(parts) or "''"
