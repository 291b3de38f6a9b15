"""raw.job_payloads: the exact bytes of every response body that differed from the one before it, compressed."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from cce_etl.transform.versions import Payload, PayloadKey
from cce_etl.warehouse.connection import Connection


def payload_keys(connection: Connection, source: str, job_ids: Iterable[str]) -> list[PayloadKey]:
    """Return what is stored of these jobs, without the bytes."""
    wanted = list(job_ids)
    if not wanted:
        return []
    connection.register("incoming", pa.table({"job_id": pa.array(wanted, pa.string())}))
    rows = connection.execute(
        """
        SELECT job_id, dialect, epoch_ns(fetched_at), body_sha256
        FROM raw.job_payloads SEMI JOIN incoming USING (job_id) WHERE source = $1
        """,
        [source],
    ).fetchall()
    return [PayloadKey(*row) for row in rows]


def read_payloads(connection: Connection, source: str, job_ids: Iterable[str]) -> list[Payload]:
    """Return all payloads of these jobs with their bytes, latest first within a job and dialect."""
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
    table = pa.table(
        {
            "job_id": pa.array([payload.job_id for payload in payloads], pa.string()),
            "dialect": pa.array([payload.dialect for payload in payloads], pa.string()),
            "fetched_at": pa.array([payload.fetched_at for payload in payloads], pa.timestamp("ns")),
            "body": pa.array([payload.compressed_body for payload in payloads], pa.binary()),
            "body_bytes": pa.array([payload.body_bytes for payload in payloads], pa.int32()),
            "body_sha256": pa.array([payload.body_sha256 for payload in payloads], pa.binary()),
        }
    )
    connection.register("incoming", table)
    connection.execute("INSERT INTO raw.job_payloads BY NAME SELECT $1 AS source, * FROM incoming", [source])


def record_last_seen(connection: Connection, source: str, late: Sequence[Payload]) -> None:
    """Write a job's newest payload once more, at the time it was last seen unchanged, where a `late` one precedes that.

    Without it the late payload would pass for the newest, since a body seen again unchanged leaves no row.
    """
    if not late:
        return
    table = {
        "job_id": pa.array([payload.job_id for payload in late], pa.string()),
        "dialect": pa.array([payload.dialect for payload in late], pa.string()),
        "fetched_at": pa.array([payload.fetched_at for payload in late], pa.timestamp("ns")),
    }
    connection.register("incoming", pa.table(table))
    # The time in raw.job_ids is of the v3 tree where there is one, and v3 sorts first.
    passed = connection.execute(
        """
        WITH newest AS (
            SELECT rowid AS place, source, job_id, dialect, fetched_at
            FROM raw.job_payloads SEMI JOIN incoming USING (job_id) WHERE source = $1
            QUALIFY row_number() OVER (
                PARTITION BY job_id ORDER BY dialect DESC, fetched_at DESC NULLS LAST, body_sha256 DESC
            ) = 1
        )
        SELECT DISTINCT newest.place, epoch_ns(job_ids.last_fetched_at)
        FROM newest JOIN raw.job_ids USING (source, job_id) JOIN incoming USING (job_id, dialect)
        WHERE incoming.fetched_at > newest.fetched_at AND incoming.fetched_at < job_ids.last_fetched_at
        """,
        [source],
    ).fetchall()
    # One by one, as they are few: a join would read the bodies of a whole vector of rows, 2,048, whatever their size.
    for place, seen_at in passed:
        connection.execute(
            """
            INSERT INTO raw.job_payloads BY NAME
            SELECT * REPLACE (make_timestamp_ns($2) AS fetched_at) FROM raw.job_payloads WHERE rowid = $1
            """,
            [place, seen_at],
        )
