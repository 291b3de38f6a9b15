"""core.jobs: every node of every job, a row each.

Lives here: replacing a root's rows, moving the time it was last observed, recording which roots changed so.
Does not: making rows from bodies (`readings`), the models built from them (`models`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from cce_etl.warehouse.connection import Connection

# What DuckDB keeps in its log before it writes the table anew. Its own 16 MB are less than a batch of rows, so that
# every batch would write the end of the table a second time: 650,000 rows took 8.4 s of CPU, and 5.5 with more.
_LOAD_CHECKPOINT_SIZE: Final = "48MB"
# Blocks once written stay in memory up to DuckDB's limit, most of the machine's by default: 2,000,000 rows took 695 MB,
# and with this 534, no more than 500,000 rows. Less than 125 MB a thread is too little for any query, say its docs; a
# checkpoint of bodies of 200 KB took more than 122 in all.
_LOAD_MEGABYTES_PER_THREAD: Final = 128
_LOAD_MEGABYTES_AT_LEAST: Final = 256


@contextmanager
def bulk_loading(connection: Connection) -> Iterator[None]:
    """Write the table less often, in bounded memory, while many batches are loaded; each stays a transaction."""
    ((threads,),) = connection.execute("SELECT current_setting('threads')").fetchall()
    connection.execute(f"SET checkpoint_threshold = '{_LOAD_CHECKPOINT_SIZE}'")
    connection.execute(f"SET memory_limit = '{max(_LOAD_MEGABYTES_AT_LEAST, _LOAD_MEGABYTES_PER_THREAD * threads)}MB'")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # of a database that failed for good, whose own error says more
            connection.execute("RESET checkpoint_threshold; RESET memory_limit")


def replace_trees(connection: Connection, source: str, rows: pa.Table, loaded_before: Sequence[str]) -> int:
    """Put whole trees into core.jobs in place of what it has of their roots; return the number of rows written.

    `rows` are in the columns of `node_columns`. Only roots in `loaded_before` are looked for and deleted, so that a
    first load never searches the table. The observation time is the one raw.job_ids has for the root by now: elapsed
    times run to it.
    """
    if loaded_before:
        connection.register("incoming", pa.table({"root_job_id": pa.array(loaded_before, pa.string())}))
        # Equalities on columns become a hash join; a tuple IN (...) does not.
        connection.execute(
            """
            DELETE FROM core.jobs USING incoming
            WHERE jobs.source = $1 AND jobs.root_job_id = incoming.root_job_id
            """,
            [source],
        )
    roots = rows["root_job_id"].unique()
    if rows.num_rows:
        observed = _observed(connection, source, roots, rows["root_job_id"])
        connection.register("incoming", rows.append_column("observed_at", observed))
        connection.execute("INSERT INTO core.jobs BY NAME SELECT $1 AS source, * FROM incoming", [source])
        pa.default_memory_pool().release_unused()  # Arrow keeps what it frees, 50 MB after some batches
    _record_changed(connection, source, pa.concat_arrays([pa.array(loaded_before, pa.string()), roots]))
    return rows.num_rows  # type: ignore[no-any-return]


def _observed(connection: Connection, source: str, roots: pa.Array, root_job_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the observation time of each row's root; joined here, since a join in DuckDB would unpack all maps."""
    connection.register("incoming", pa.table({"job_id": roots}))
    seen = connection.execute(
        "SELECT job_id, epoch_ns(last_fetched_at) FROM raw.job_ids SEMI JOIN incoming USING (job_id) WHERE source = $1",
        [source],
    ).fetchall()
    job_ids, times = pa.array([row[0] for row in seen], pa.string()), [row[1] for row in seen]
    return pc.take(pa.array(times, pa.timestamp("ns")), pc.index_in(root_job_ids, job_ids))


def _record_changed(connection: Connection, source: str, root_job_ids: pa.Array) -> None:
    if len(root_job_ids):
        connection.register("incoming", pa.table({"root_job_id": root_job_ids}))
        connection.execute(
            "INSERT INTO raw.changed_roots BY NAME SELECT DISTINCT $1 AS source, root_job_id FROM incoming", [source]
        )


def touch_observed_at(connection: Connection, source: str, root_job_ids: Sequence[str]) -> None:
    """Move the observation time of trees that were seen again unchanged to what raw.job_ids has by now."""
    if not root_job_ids:
        return
    connection.register("incoming", pa.table({"job_id": pa.array(root_job_ids, pa.string())}))
    # Asked for first, since an update in a lake returns nothing.
    moved = connection.execute(
        """
        SELECT jobs.root_job_id, epoch_ns(any_value(seen.last_fetched_at))
        FROM core.jobs AS jobs JOIN raw.job_ids AS seen ON jobs.source = seen.source AND jobs.root_job_id = seen.job_id
        SEMI JOIN incoming ON seen.job_id = incoming.job_id
        WHERE jobs.source = $1 AND seen.source = $1 AND jobs.observed_at IS DISTINCT FROM seen.last_fetched_at
        GROUP BY jobs.root_job_id
        """,
        [source],
    ).fetchall()
    if not moved:
        return
    roots = pa.array([root for root, _ in moved], pa.string())
    times = pa.array([seen_at for _, seen_at in moved], pa.timestamp("ns"))
    connection.register("incoming", pa.table({"job_id": roots, "seen_at": times}))
    connection.execute(
        """
        UPDATE core.jobs SET observed_at = incoming.seen_at
        FROM incoming WHERE jobs.source = $1 AND jobs.root_job_id = incoming.job_id
        """,
        [source],
    )
    _record_changed(connection, source, roots)


def clear_core(connection: Connection) -> None:
    """Empty core.jobs, to be filled again from raw."""
    connection.execute("TRUNCATE core.jobs")
    # Trees that are gone for good are in no list of changed ones: what was kept of all is made anew.
    connection.execute("TRUNCATE raw.model_builds")
