"""raw.job_payloads: the exact bytes of each answer that differed from the one before it."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from cce_etl.transform.versions import Payload, PayloadKey
from cce_etl.warehouse.arrow import TEXT, TIME, arrow_table
from cce_etl.warehouse.connection import Connection


def payload_keys(connection: Connection, source: str, job_ids: Iterable[str]) -> list[PayloadKey]:
    """Return the keys of all payloads of these jobs."""
    ids = list(job_ids)
    if not ids:
        return []
    connection.register("incoming", pa.table({"job_id": pa.array(ids, pa.string())}))
    rows = connection.execute(
        """
        SELECT job_id, dialect, epoch_ns(fetched_at), body_sha256
        FROM raw.job_payloads SEMI JOIN incoming USING (job_id) WHERE source = $1
        """,
        [source],
    ).fetchall()
    return [PayloadKey(*row) for row in rows]


def read_payloads(connection: Connection, source: str, job_ids: Iterable[str]) -> list[Payload]:
    """Return all payloads of these jobs, the latest of each job and dialect first."""
    connection.register("incoming", pa.table({"job_id": pa.array(list(job_ids), pa.string())}))
    rows = connection.execute(
        """
        SELECT job_id, dialect, epoch_ns(fetched_at), body, body_bytes, body_sha256
        FROM raw.job_payloads SEMI JOIN incoming USING (job_id) WHERE source = $1
        ORDER BY job_id, dialect, fetched_at DESC NULLS LAST, body_sha256 DESC
        """,
        [source],
    ).fetchall()
    return [Payload(*row) for row in rows]


def append_payloads(connection: Connection, source: str, payloads: Sequence[Payload]) -> None:
    """Append payloads to raw.job_payloads."""
    if not payloads:
        return
    table = arrow_table(
        payloads,
        job_id=TEXT,
        dialect=TEXT,
        fetched_at=TIME,
        compressed_body=pa.binary(),
        body_bytes=pa.int32(),
        body_sha256=pa.binary(),
    )
    connection.register("incoming", table.rename_columns({"compressed_body": "body"}))
    connection.execute("INSERT INTO raw.job_payloads BY NAME SELECT $1 AS source, * FROM incoming", [source])


def record_last_seen(connection: Connection, source: str, late: Sequence[Payload]) -> None:
    """Write a job's newest payload again, with the time when it was last seen, if a `late` payload is older than that.

    A body that is seen again unchanged leaves no row, so that the late payload would otherwise seem to be the newest.

    Args:
        connection: the warehouse.
        source: the source of the payloads.
        late: payloads that were fetched before others that are loaded already.
    """
    if not late:
        return
    connection.register("incoming", arrow_table(late, job_id=TEXT, dialect=TEXT, fetched_at=TIME))
    # The time in raw.job_ids belongs to the v3 tree when there is one; v3 is the first in this order.
    overtaken = connection.execute(
        """
        WITH newest AS (
            SELECT rowid AS row_id, source, job_id, dialect, fetched_at
            FROM raw.job_payloads SEMI JOIN incoming USING (job_id) WHERE source = $1
            QUALIFY row_number() OVER (
                PARTITION BY job_id ORDER BY dialect DESC, fetched_at DESC NULLS LAST, body_sha256 DESC
            ) = 1
        )
        SELECT DISTINCT newest.row_id, epoch_ns(job_ids.last_fetched_at)
        FROM newest JOIN raw.job_ids USING (source, job_id) JOIN incoming USING (job_id, dialect)
        WHERE incoming.fetched_at > newest.fetched_at AND incoming.fetched_at < job_ids.last_fetched_at
        """,
        [source],
    ).fetchall()
    # One by one, since they are few: a join would read 2,048 bodies at a time, a whole vector, whatever their size.
    for row_id, seen_at in overtaken:
        connection.execute(
            """
            INSERT INTO raw.job_payloads BY NAME
            SELECT * REPLACE (make_timestamp_ns($2) AS fetched_at) FROM raw.job_payloads WHERE rowid = $1
            """,
            [row_id, seen_at],
        )
