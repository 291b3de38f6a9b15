"""raw.dead_letters: jobs and records that failed. A job has one open dead letter for each kind of failure."""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from cce_etl.warehouse.arrow import TEXT, TIME, arrow_table
from cce_etl.warehouse.connection import Connection, transaction


class DeadLetter(msgspec.Struct, frozen=True):
    """A failure. `job_id` is None when the record named no job; `failed_at` is in ns since 1970 UTC."""

    job_id: str | None
    kind: str
    message: str
    failed_at: int
    http_status: int | None = None
    error_code: str | None = None
    body_excerpt: str | None = None
    attempts: int = 1


def record_dead_letters(connection: Connection, source: str, dead_letters: Sequence[DeadLetter]) -> None:
    """Write failures. An open dead letter of the same job and kind is updated, and its attempts are added up.

    Records without a job are the same when their messages, which name file and line, are the same.
    """
    if not dead_letters:
        return
    latest = {(item.job_id or item.message, item.kind): item for item in dead_letters}.values()
    text_columns = dict.fromkeys(("job_id", "kind", "error_code", "message", "body_excerpt"), TEXT)
    table = arrow_table(latest, **text_columns, http_status=pa.int32(), attempts=pa.int32(), failed_at=TIME)
    connection.register("incoming", table)
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


def resolve_dead_letters(connection: Connection, source: str, job_ids: Sequence[str], resolved_at: int) -> None:
    """Set `resolved_at` of the open dead letters of jobs that succeeded."""
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
    """Set `resolved_at` of open dead letters of files' records that did not fail when loaded again at `loaded_at`."""
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
    """An open dead letter for people to read; `failed_at` is text, UTC."""

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
