"""raw.id_lists: which lists of job ids a run read, so that its later steps need not read them again."""

import msgspec

from cce_etl.warehouse.connection import Connection


class RegisteredList(msgspec.Struct, frozen=True):
    """The list that a run registered for a source, and the entries of it that were no job ids."""

    origin: str
    job_ids: list[str]
    bad_entry_count: int


def record_id_list(
    connection: Connection, run_id: str, source: str, origin: str, listed_at: int, bad_entry_count: int
) -> None:
    """Append a row for a list whose ids were registered at `listed_at`, in nanoseconds since 1970 UTC."""
    connection.execute(
        "INSERT INTO raw.id_lists SELECT $1, $2, $3, make_timestamp_ns($4), $5",
        [run_id, source, origin, listed_at, bad_entry_count],
    )


def registered_list(connection: Connection, run_id: str, source: str) -> RegisteredList | None:
    """Return the list that a run registered for a source, with its ids in order; None when it registered none."""
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
    return RegisteredList(origin, [job_id for (job_id,) in ids], bad_entry_count)
