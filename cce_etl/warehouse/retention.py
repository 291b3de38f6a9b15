"""Deleting old rows of the tables in raw that grow without end: superseded payloads, dead letters, fetch runs."""

from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa

from cce_etl.transform.versions import Payload, PayloadKey
from cce_etl.warehouse.arrow import TEXT, TIME, arrow_table
from cce_etl.warehouse.connection import Connection

# More than a year of nights, of which marts.ingest_durations_daily is made. They are kept whatever their age.
RUNS_KEPT: Final = 400


class OldPayload(msgspec.Struct, frozen=True):
    """A payload that a later one of its job and dialect replaced, and its bytes as sent."""

    source: str
    body_bytes: int
    key: PayloadKey


def superseded_payloads(connection: Connection, before: int) -> list[OldPayload]:
    """Return the payloads that were replaced before a moment (ns since 1970 UTC), sorted by source and job.

    The latest payload of a job and dialect is never among them, nor one whose fetch time is unknown.
    """
    rows = connection.execute(
        """
        SELECT source, body_bytes, job_id, dialect, epoch_ns(fetched_at), body_sha256 FROM (
            SELECT source, body_bytes, job_id, dialect, fetched_at, body_sha256, lead(fetched_at) OVER (
                PARTITION BY source, job_id, dialect ORDER BY fetched_at NULLS FIRST, body_sha256
            ) AS replaced_at
            FROM raw.job_payloads
        ) WHERE fetched_at IS NOT NULL AND replaced_at < make_timestamp_ns($1)
        ORDER BY source, job_id, dialect, fetched_at, body_sha256
        """,
        [before],
    ).fetchall()
    return [OldPayload(source, body_bytes, PayloadKey(*key)) for source, body_bytes, *key in rows]


def delete_payloads(connection: Connection, source: str, payloads: Sequence[Payload]) -> None:
    """Delete the payloads of a source."""
    table = arrow_table(payloads, job_id=TEXT, dialect=TEXT, fetched_at=TIME, body_sha256=pa.binary())
    connection.register("incoming", table)
    connection.execute(
        """
        DELETE FROM raw.job_payloads USING incoming
        WHERE job_payloads.source = $1 AND job_payloads.job_id = incoming.job_id
            AND job_payloads.dialect = incoming.dialect AND job_payloads.fetched_at = incoming.fetched_at
            AND job_payloads.body_sha256 = incoming.body_sha256
        """,
        [source],
    )


def delete_resolved_dead_letters(connection: Connection, before: int) -> int:
    """Delete the dead letters that were resolved before a moment (ns since 1970 UTC); return how many."""
    return _deleted(connection, "DELETE FROM raw.dead_letters WHERE resolved_at < make_timestamp_ns($1)", [before])


def delete_runs(connection: Connection, before: int) -> int:
    """Delete the runs that started before a moment, but never the last RUNS_KEPT of a source; return how many."""
    return _deleted(
        connection,
        """
        DELETE FROM raw.fetch_runs WHERE started_at < make_timestamp_ns($1) AND rowid IN (
            SELECT rowid FROM raw.fetch_runs
            QUALIFY row_number() OVER (PARTITION BY source ORDER BY started_at DESC, run_id) > $2
        )
        """,
        [before, RUNS_KEPT],
    )


def delete_id_lists_and_check_runs(connection: Connection, before: int) -> None:
    """Delete the records of lists read and gates checked before a moment; only the run that wrote them needs them."""
    connection.execute("DELETE FROM raw.id_lists WHERE listed_at < make_timestamp_ns($1)", [before])
    connection.execute("DELETE FROM raw.check_runs WHERE checked_at < make_timestamp_ns($1)", [before])


def _deleted(connection: Connection, statement: str, values: list[int]) -> int:
    ((count,),) = connection.execute(statement, values).fetchall()
    return int(count)
