"""raw.job_ids: the job ids of each source, their states, and which of them are to be fetched."""

from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa

from cce_etl.warehouse.arrow import TEXT, TIME, arrow_table
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
_WITHOUT_KNOWN: Final = " ANTI JOIN (SELECT job_id FROM raw.job_ids WHERE source = $source) AS known USING (job_id)"


class IdUpdate(msgspec.Struct, frozen=True):
    """What became of an id. None leaves a column as it is.

    Attributes:
        job_id: the id.
        state: its new state.
        attempts: the attempts to add.
        fetched_at: when a body that could be read was fetched, ns since 1970 UTC.
        replaces_time: whether `fetched_at` is set even when it is earlier, because the time before it belongs to a tree
            of another dialect.
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
    """Add new ids as pending, set `last_listed_at` of the others, and return how many are new."""
    connection.register("incoming", pa.table({"job_id": pa.array(job_ids, pa.string())}))
    ((known_count,),) = connection.execute(
        "SELECT count(*) FROM raw.job_ids SEMI JOIN incoming USING (job_id) WHERE source = $1", [source]
    ).fetchall()
    # Each statement that looks for ids reads the whole table: with a million ids, 0.14 seconds of CPU.
    if known_count:
        connection.execute(_LIST_AGAIN, {"source": source, "listed_at": listed_at})
    if known_count == len(job_ids):
        return 0
    values = {"source": source, "origin": origin, "listed_at": listed_at, "is_autopilot": is_autopilot}
    added = connection.execute(_LIST_NEW + (_WITHOUT_KNOWN if known_count else ""), values).fetchone()
    return int(added[0]) if added else 0


def autopilot_ids(connection: Connection, source: str) -> frozenset[str]:
    """Return the ids that Autopilot's lists named; the API has other paths for them."""
    return frozenset(_column(connection, "SELECT job_id FROM raw.job_ids WHERE source = $1 AND is_autopilot", [source]))


class Leaf(msgspec.Struct, frozen=True):
    """A step without sub-jobs, and whether its root is an Autopilot job."""

    job_id: str
    is_autopilot: bool


def unfetched_leaves(connection: Connection, source: str, limit: int) -> list[Leaf]:
    """Return at most `limit` steps without sub-jobs that were never fetched by their own id, the newest first.

    The tree that a root's answer holds may be cut off at them.
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
    """Return those of the ids whose state is finished."""
    connection.register("incoming", pa.table({"job_id": pa.array(job_ids, pa.string())}))
    query = "SELECT job_id FROM raw.job_ids SEMI JOIN incoming USING (job_id) WHERE source = $1 AND state = 'finished'"
    return set(_column(connection, query, [source]))


def sources(connection: Connection) -> list[str]:
    """Return the sorted names of all sources that have ids."""
    return _column(connection, "SELECT DISTINCT source FROM raw.job_ids ORDER BY source")


def known_ids(connection: Connection, source: str) -> list[str]:
    """Return all ids of the source, sorted."""
    return _column(connection, "SELECT job_id FROM raw.job_ids WHERE source = $1 ORDER BY job_id", [source])


def open_ids(connection: Connection, source: str) -> list[str]:
    """Return all ids of the source that are pending or running, those listed first at first.

    A step that was fetched by its own id counts only while the root of a tree with it is open: in a failed tree, steps
    stay in phase Initializing for ever.
    """
    return _column(
        connection,
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
    )


def update_ids(connection: Connection, source: str, updates: Sequence[IdUpdate]) -> None:
    """Write what became of each id: its state, more attempts, and the later of the fetch times.

    A job that was fetched before does not become dead by one bad answer. A gone or dead job that is answered again
    becomes running.
    """
    if not updates:
        return
    table = arrow_table(
        updates, job_id=TEXT, state=TEXT, attempts=pa.int32(), fetched_at=TIME, replaces_time=pa.bool_()
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
    """Return the ids of a source that were first listed at `since` (ns since 1970 UTC) or later, sorted."""
    return _column(
        connection,
        "SELECT job_id FROM raw.job_ids WHERE source = $1 AND first_listed_at >= make_timestamp_ns($2) ORDER BY job_id",
        [source, since],
    )


def reopen(connection: Connection, source: str, job_ids: Sequence[str]) -> int:
    """Set finished ones of the ids to running, so that they are fetched again; return how many.

    Ids that a stopped run does not reach stay open for the next run.
    """
    with transaction(connection):
        finished = sorted(finished_ids(connection, source, job_ids))
        update_ids(connection, source, [IdUpdate(job_id, "running", 0, None) for job_id in finished])
    return len(finished)


def _column(connection: Connection, query: str, values: Sequence[object] = ()) -> list[str]:
    return [value for (value,) in connection.execute(query, values).fetchall()]


def record_id_list(
    connection: Connection, run_id: str, source: str, origin: str, listed_at: int, bad_entry_count: int
) -> None:
    """Append a row for a list whose ids were registered at `listed_at`, in nanoseconds since 1970 UTC."""
    connection.execute(
        "INSERT INTO raw.id_lists SELECT $1, $2, $3, make_timestamp_ns($4), $5",
        [run_id, source, origin, listed_at, bad_entry_count],
    )


def registered_list(connection: Connection, run_id: str, source: str) -> tuple[str, list[str], int] | None:
    """Return the list that a run registered for a source; None when it registered none.

    Returns:
        The origin of the list, its job ids in order, and the number of its entries that were no job ids.
    """
    lists = connection.execute(
        """
        SELECT origin, epoch_ns(listed_at), bad_entry_count FROM raw.id_lists WHERE run_id = $1 AND source = $2
        ORDER BY listed_at DESC LIMIT 1
        """,
        [run_id, source],
    ).fetchall()
    if not lists:
        return None
    ((origin, listed_at, bad_entry_count),) = lists
    # Later ones were listed again meanwhile, by another run.
    ids = connection.execute(
        """
        SELECT job_id FROM raw.job_ids WHERE source = $1 AND last_listed_at >= make_timestamp_ns($2)
        ORDER BY first_listed_at, job_id
        """,
        [source, listed_at],
    ).fetchall()
    return origin, [job_id for (job_id,) in ids], bad_entry_count
