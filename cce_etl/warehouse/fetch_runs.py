"""The account of one run as numbers that can be plotted night after night.

Lives here: sums over the sources of a run, and how many jobs it saw for the first time.
Does not: writing the account (`accounts`).
"""

from typing import Final

import msgspec

from cce_etl.warehouse.connection import Connection

# A job is new to a run when none of its bodies is older than the run.
_FIGURES: Final = """
    WITH own AS (FROM raw.fetch_runs WHERE run_id = $1),
    first_bodies AS (
        SELECT bodies.source, bodies.job_id
        FROM raw.job_payloads AS bodies
        JOIN (SELECT source, min(started_at) AS started_at FROM own GROUP BY source) AS starts USING (source)
        GROUP BY bodies.source, bodies.job_id
        HAVING min(bodies.fetched_at) >= any_value(starts.started_at)
    )
    SELECT
        (SELECT count(*) FROM first_bodies),
        coalesce(sum(fetched), 0)::BIGINT,
        coalesce(sum(request_count), 0)::BIGINT,
        coalesce(sum(retry_count), 0)::BIGINT,
        coalesce(sum(throttled_count), 0)::BIGINT,
        coalesce(sum(received_bytes), 0)::BIGINT,
        coalesce(sum(waited_seconds), 0)::DOUBLE,
        max(p95_latency_seconds),
        (SELECT count(*) FROM raw.dead_letters WHERE resolved_at IS NULL)
    FROM own
"""


class RunFigures(msgspec.Struct, frozen=True):
    """Hold what a run did; `changed` were known before and came back different, bytes as received."""

    new: int
    changed: int
    requests: int
    retries: int
    throttled: int
    received_bytes: int
    waited_seconds: float
    p95_latency_seconds: float | None
    open_dead_letters: int


def run_figures(connection: Connection, run_id: str) -> RunFigures:
    """Return the figures of a run over all its sources; the latency is that of the slowest source."""
    ((new, fetched, *others),) = connection.execute(_FIGURES, [run_id]).fetchall()
    return RunFigures(new, max(fetched - new, 0), *others)
