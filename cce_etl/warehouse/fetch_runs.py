"""raw.fetch_runs: one row for each run and source, and the figures of a run over all its sources."""

from typing import Final

import msgspec

from cce_etl.warehouse.connection import Connection, transaction

# A job is new in a run when none of its bodies is older than the run.
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


class RunCounts(msgspec.Struct):
    """What became of the job ids or saved records of a run.

    requested = skipped + fetched + unchanged + gone + failed; dead_lettered is part of failed; rows are the rows
    written to core.jobs.
    """

    requested: int = 0
    fetched: int = 0
    skipped: int = 0
    unchanged: int = 0
    gone: int = 0
    failed: int = 0
    dead_lettered: int = 0
    rows: int = 0
    seconds: float = 0.0

    def add(self, other: "RunCounts") -> None:
        """Add each count of another run."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class FetchRun(msgspec.Struct, frozen=True):
    """A row of raw.fetch_runs; times are in ns since 1970 UTC."""

    run_id: str
    source: str
    command: str
    started_at: int
    ended_at: int
    counts: RunCounts
    request_count: int = 0
    retry_count: int = 0
    throttled_count: int = 0
    waited_seconds: float = 0.0
    received_bytes: int = 0
    p50_latency_seconds: float | None = None
    p95_latency_seconds: float | None = None

    def columns(self) -> dict[str, str | int | float | None]:
        """Return the values by the names of the table's columns."""
        values = msgspec.structs.asdict(self)
        counts = msgspec.structs.asdict(values.pop("counts"))
        del counts["seconds"]  # the table has both times
        row_count = counts.pop("rows")
        return values | counts | {"core_row_count": row_count}

    def figures(self) -> dict[str, int | float]:
        """Return what is counted of a run, without its times and without percentiles, which do not add up."""
        return {
            name: value
            for name, value in self.columns().items()
            if isinstance(value, int | float) and not name.endswith(("_at", "_latency_seconds"))
        }


class RunSummary(msgspec.Struct, frozen=True):
    """The counts of a run over all its sources. `changed` are jobs that were loaded before and now differ."""

    new: int
    changed: int
    requests: int
    retries: int
    throttled: int
    received_bytes: int
    waited_seconds: float
    p95_latency_seconds: float | None
    open_dead_letters: int


def summarize_run(connection: Connection, run_id: str) -> RunSummary:
    """Return the counts of a run over all its sources, and the latency of its slowest source."""
    ((new, fetched, *others),) = connection.execute(_FIGURES, [run_id]).fetchall()
    return RunSummary(new, max(fetched - new, 0), *others)


def record_run(connection: Connection, run: FetchRun) -> None:
    """Append a row to raw.fetch_runs."""
    values = run.columns()
    columns = ", ".join(
        f"make_timestamp_ns(${name}) AS {name}" if name.endswith("_at") else f"${name} AS {name}" for name in values
    )
    with transaction(connection):
        connection.execute(f"INSERT INTO raw.fetch_runs BY NAME SELECT {columns}", values)
