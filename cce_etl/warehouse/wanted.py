"""raw.job_ids: which ids someone asks for anew, whatever became of them.

Lives here: ids by when they were first listed, finished ones opened again.
Does not: ids that wait anyway (`ids`).
"""

from collections.abc import Sequence

from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.job_ids import IdMark, finished_ids, mark_ids


def listed_since(connection: Connection, source: str, since: int) -> list[str]:
    """Return the ids of a source that were first listed at `since` (ns since 1970 UTC) or later, in order."""
    rows = connection.execute(
        "SELECT job_id FROM raw.job_ids WHERE source = $1 AND first_listed_at >= make_timestamp_ns($2) ORDER BY job_id",
        [source, since],
    ).fetchall()
    return [job_id for (job_id,) in rows]


def reopen(connection: Connection, source: str, job_ids: Sequence[str]) -> int:
    """Mark those of the ids that are finished as running, so that they are fetched again; return how many.

    What a run that is stopped does not come to stays open, and is fetched by the next.
    """
    with transaction(connection):
        finished = sorted(finished_ids(connection, source, job_ids))
        mark_ids(connection, source, [IdMark(job_id, "running", 0, None) for job_id in finished])
    return len(finished)
