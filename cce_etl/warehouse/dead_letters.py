"""raw.dead_letters: what failed.

Lives here: one open letter a job and kind of failure, resolved when the job comes through.
Does not: why something failed (`extract/`, `job`), showing it (`cli/`).
"""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from cce_etl.warehouse.connection import Connection, transaction


class DeadLetter(msgspec.Struct, frozen=True):
    """Hold one failure; `job_id` is None when a record named no job."""

    job_id: str | None
    kind: str
    message: str
    failed_at: int
    http_status: int | None = None
    error_code: str | None = None
    body_excerpt: str | None = None
    attempts: int = 1


def record_dead_letters(connection: Connection, source: str, letters: Sequence[DeadLetter]) -> None:
    """Keep failures; an open letter of the same job and kind is brought up to date, and its tries are added.

    A record that named no job is the same as before when its message, which says file and place, is the same.
    """
    if not letters:
        return
    latest = {(letter.job_id or letter.message, letter.kind): letter for letter in letters}
    connection.register("incoming", _letter_table(list(latest.values())))
    connection.execute(
        """
        UPDATE raw.dead_letters SET
            attempts = dead_letters.attempts + incoming.attempts, failed_at = incoming.failed_at,
            message = incoming.message, http_status = incoming.http_status, error_code = incoming.error_code,
            body_excerpt = incoming.body_excerpt
        FROM incoming
        WHERE dead_letters.source = $1 AND dead_letters.resolved_at IS NULL AND dead_letters.kind = incoming.kind
            AND coalesce(dead_letters.job_id, dead_letters.message) = coalesce(incoming.job_id, incoming.message)
        """,
        [source],
    )
    connection.execute(
        """
        INSERT INTO raw.dead_letters BY NAME
        SELECT $1 AS source, *, failed_at AS opened_at FROM incoming WHERE NOT EXISTS (
            FROM raw.dead_letters AS open
            WHERE open.source = $1 AND open.resolved_at IS NULL AND open.kind = incoming.kind
                AND coalesce(open.job_id, open.message) = coalesce(incoming.job_id, incoming.message)
        )
        """,
        [source],
    )


def _letter_table(letters: Sequence[DeadLetter]) -> pa.Table:
    return pa.table(
        {
            "job_id": pa.array([letter.job_id for letter in letters], pa.string()),
            "kind": pa.array([letter.kind for letter in letters], pa.string()),
            "http_status": pa.array([letter.http_status for letter in letters], pa.int32()),
            "error_code": pa.array([letter.error_code for letter in letters], pa.string()),
            "message": pa.array([letter.message for letter in letters], pa.string()),
            "body_excerpt": pa.array([letter.body_excerpt for letter in letters], pa.string()),
            "attempts": pa.array([letter.attempts for letter in letters], pa.int32()),
            "failed_at": pa.array([letter.failed_at for letter in letters], pa.timestamp("ns")),
        }
    )


def resolve_dead_letters(connection: Connection, source: str, job_ids: Sequence[str], resolved_at: int) -> None:
    """Mark the open letters of jobs that came through after all; none is deleted."""
    if not job_ids:
        return
    connection.register("incoming", pa.table({"job_id": pa.array(job_ids, pa.string())}))
    connection.execute(
        """
        UPDATE raw.dead_letters SET resolved_at = make_timestamp_ns($resolved_at) FROM incoming
        WHERE dead_letters.source = $source AND dead_letters.resolved_at IS NULL
            AND dead_letters.job_id = incoming.job_id
        """,
        {"source": source, "resolved_at": resolved_at},
    )


def resolve_file_dead_letters(connection: Connection, source: str, paths: Sequence[str], loaded_at: int) -> None:
    """Mark the open letters of records in files that were loaded again from `loaded_at` on without failing again."""
    connection.register("incoming", pa.table({"path": pa.array(paths, pa.string())}))
    with transaction(connection):
        connection.execute(
            """
            UPDATE raw.dead_letters SET resolved_at = make_timestamp_ns($loaded_at)
            WHERE source = $source AND job_id IS NULL AND resolved_at IS NULL
                AND failed_at < make_timestamp_ns($loaded_at)
                AND EXISTS (FROM incoming WHERE starts_with(dead_letters.message, incoming.path))
            """,
            {"source": source, "loaded_at": loaded_at},
        )


class OpenDeadLetter(msgspec.Struct, frozen=True):
    """Hold an open dead letter as a person reads it; `failed_at` as text, UTC."""

    source: str
    kind: str
    job_id: str | None
    http_status: int | None
    error_code: str | None
    attempts: int
    failed_at: str
    message: str


def open_dead_letters(connection: Connection) -> list[OpenDeadLetter]:
    """Return every open dead letter, by source and kind, the latest first."""
    rows = connection.execute(
        """
        SELECT source, kind, job_id, http_status, error_code, attempts, strftime(failed_at, '%Y-%m-%d %H:%M:%S'),
            message
        FROM raw.dead_letters WHERE resolved_at IS NULL ORDER BY source, kind, dead_letters.failed_at DESC, job_id
        """
    ).fetchall()
    return [OpenDeadLetter(*row) for row in rows]


def open_dead_letter_ids(connection: Connection, source: str) -> list[str]:
    """Return the jobs of a source that have an open dead letter."""
    rows = connection.execute(
        """
        SELECT DISTINCT job_id FROM raw.dead_letters
        WHERE source = $1 AND resolved_at IS NULL AND job_id IS NOT NULL ORDER BY job_id
        """,
        [source],
    ).fetchall()
    return [job_id for (job_id,) in rows]
