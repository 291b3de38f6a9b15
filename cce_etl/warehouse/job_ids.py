"""raw.job_ids: which ids a source is known to have, and what became of each.

Lives here: listing, states, what is left to fetch.
Does not: bodies (`payloads`), failures (`accounts`).
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa

from cce_etl.warehouse.connection import Connection, transaction

_LIST_AGAIN: Final = """
    UPDATE raw.job_ids SET last_listed_at = make_timestamp_ns($listed_at)
    FROM incoming WHERE job_ids.source = $source AND job_ids.job_id = incoming.job_id
"""
_LIST_NEW: Final = """
    INSERT INTO raw.job_ids BY NAME
    SELECT $source AS source, job_id, $origin AS origin, 'pending' AS state, 0 AS attempts,
        $is_autopilot AS is_autopilot,
        make_timestamp_ns($listed_at) AS first_listed_at, make_timestamp_ns($listed_at) AS last_listed_at
    FROM incoming
"""
_BUT_KNOWN: Final = " ANTI JOIN (SELECT job_id FROM raw.job_ids WHERE source = $source) AS known USING (job_id)"


class IdUpdate(msgspec.Struct, frozen=True):
    """Say what became of an id: `fetched_at` (ns) is of a body that could be read; None leaves a column as it is.

    With `replaces_time` the time is set even when it is earlier: the one before was of another dialect's tree.
    """

    job_id: str
    state: str | None
    attempts: int
    fetched_at: int | None
    replaces_time: bool = False


def register_ids(
    connection: Connection,
    source: str,
    origin: str,
    job_ids: Sequence[str],
    listed_at: int | None,
    *,
    is_autopilot: bool = False,
) -> int:
    """Add the ids that are new to raw.job_ids as pending, and move `last_listed_at` of the others; return how many
    are new.
    """
    connection.register("incoming", pa.table({"job_id": pa.array(job_ids, pa.string())}))
    ((known_count,),) = connection.execute(
        "SELECT count(*) FROM raw.job_ids SEMI JOIN incoming USING (job_id) WHERE source = $1", [source]
    ).fetchall()
    # Each statement that looks for ids reads all there are: of a million, a seventh of a second of CPU.
    if known_count:
        connection.execute(_LIST_AGAIN, {"source": source, "listed_at": listed_at})
    if known_count == len(job_ids):
        return 0
    values = {"source": source, "origin": origin, "listed_at": listed_at, "is_autopilot": is_autopilot}
    added = connection.execute(_LIST_NEW + (_BUT_KNOWN if known_count else ""), values).fetchone()
    return int(added[0]) if added else 0


def autopilot_ids(connection: Connection, source: str) -> frozenset[str]:
    """Return the ids that Autopilot's lists named: they are asked for under paths of their own."""
    rows = connection.execute("SELECT job_id FROM raw.job_ids WHERE source = $1 AND is_autopilot", [source]).fetchall()
    return frozenset(job_id for (job_id,) in rows)


class Leaf(msgspec.Struct, frozen=True):
    """Name a step that shows no sub-jobs, and whether its root is one of Autopilot's."""

    job_id: str
    is_autopilot: bool


def unfetched_leaves(connection: Connection, source: str, limit: int) -> list[Leaf]:
    """Return steps without sub-jobs that were never asked for by their own id: there the inlined tree may be cut off.

    The newest come first, at most `limit`.
    """
    rows = connection.execute(
        """
        SELECT jobs.job_id, bool_or(roots.is_autopilot)
        FROM core.jobs AS jobs
        INNER JOIN raw.job_ids AS roots ON roots.source = jobs.source AND roots.job_id = jobs.root_job_id
        ANTI JOIN (SELECT job_id FROM raw.job_ids WHERE source = $1) AS known ON jobs.job_id = known.job_id
        WHERE jobs.source = $1 AND jobs.depth > 0 AND jobs.is_leaf AND jobs.has_uid
        GROUP BY jobs.job_id ORDER BY max(jobs.created_at) DESC NULLS LAST, jobs.job_id LIMIT $2
        """,
        [source, limit],
    ).fetchall()
    return [Leaf(*row) for row in rows]


def finished_ids(connection: Connection, source: str, job_ids: Sequence[str]) -> set[str]:
    """Return those of the ids whose job is known to have ended."""
    connection.register("incoming", pa.table({"job_id": pa.array(job_ids, pa.string())}))
    rows = connection.execute(
        "SELECT job_id FROM raw.job_ids SEMI JOIN incoming USING (job_id) WHERE source = $1 AND state = 'finished'",
        [source],
    ).fetchall()
    return {job_id for (job_id,) in rows}


def sources(connection: Connection) -> list[str]:
    """Return the names of all sources the warehouse has ids of."""
    rows = connection.execute("SELECT DISTINCT source FROM raw.job_ids ORDER BY source").fetchall()
    return [source for (source,) in rows]


def known_ids(connection: Connection, source: str) -> list[str]:
    """Return every id of the source, whatever its state, in order."""
    rows = connection.execute("SELECT job_id FROM raw.job_ids WHERE source = $1 ORDER BY job_id", [source]).fetchall()
    return [job_id for (job_id,) in rows]


def open_ids(connection: Connection, source: str) -> list[str]:
    """Return every id of the source that is pending or running, oldest listing first.

    A step that was asked for by its own id counts only while a tree it stands in is open: in a tree that has failed,
    steps stay planned for ever.
    """
    rows = connection.execute(
        """
        WITH RECURSIVE unended AS (
            FROM raw.job_ids WHERE source = $1 AND state IN ('pending', 'running')
        ), alive AS (
            SELECT job_id FROM unended WHERE origin IS DISTINCT FROM 'deep'
            UNION
            SELECT steps.job_id
            FROM alive
            JOIN core.jobs AS nodes ON nodes.source = $1 AND nodes.root_job_id = alive.job_id
            JOIN unended AS steps ON steps.job_id = nodes.job_id AND steps.origin = 'deep'
        )
        SELECT job_id FROM unended SEMI JOIN alive USING (job_id) ORDER BY first_listed_at, job_id
        """,
        [source],
    ).fetchall()
    return [job_id for (job_id,) in rows]


def update_ids(connection: Connection, source: str, marks: Sequence[IdUpdate]) -> None:
    """Write what became of each id: state, tries added, and as a rule the later of the fetch times.

    A job that was seen before does not die of one bad answer, and one that is answered again lives again.
    """
    if not marks:
        return
    table = pa.table(
        {
            "job_id": pa.array([mark.job_id for mark in marks], pa.string()),
            "state": pa.array([mark.state for mark in marks], pa.string()),
            "attempts": pa.array([mark.attempts for mark in marks], pa.int32()),
            "fetched_at": pa.array([mark.fetched_at for mark in marks], pa.timestamp("ns")),
            "replaces_time": pa.array([mark.replaces_time for mark in marks], pa.bool_()),
        }
    )
    connection.register("incoming", table)
    connection.execute(
        """
        UPDATE raw.job_ids SET
            state = CASE
                WHEN incoming.state = 'dead' AND job_ids.last_fetched_at IS NOT NULL THEN job_ids.state
                WHEN incoming.state IS NOT NULL THEN incoming.state
                WHEN incoming.fetched_at IS NOT NULL AND job_ids.state IN ('gone', 'dead') THEN 'running'
                ELSE job_ids.state
            END,
            attempts = job_ids.attempts + incoming.attempts,
            last_fetched_at = CASE
                WHEN incoming.replaces_time THEN incoming.fetched_at
                ELSE greatest(job_ids.last_fetched_at, incoming.fetched_at)
            END
        FROM incoming WHERE job_ids.source = $1 AND job_ids.job_id = incoming.job_id
        """,
        [source],
    )


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
        update_ids(connection, source, [IdUpdate(job_id, "running", 0, None) for job_id in finished])
    return len(finished)
