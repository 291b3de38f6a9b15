"""core.jobs: a row for each job of each tree; and raw.changed_roots: the trees that changed since the last build."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from cce_etl.warehouse.connection import Connection

# The size of the log at which DuckDB writes it to the table. The default of 16 MB is less than a batch of rows, so that
# each batch would write the end of the table again: 650,000 rows took 8.4 s of CPU, and 5.5 s with this.
_LOAD_CHECKPOINT_SIZE: Final = "48MB"
# Written blocks stay in memory up to DuckDB's limit, by default most of the machine's: 2,000,000 rows took 695 MB, and
# 534 MB with this, as did 500,000 rows. DuckDB's documentation asks for 125 MB a thread at least, and a checkpoint of
# bodies of 200 KB took more than 122 MB in all.
_LOAD_MEGABYTES_PER_THREAD: Final = 128
_LOAD_MEGABYTES_AT_LEAST: Final = 256


@contextmanager
def bulk_loading(connection: Connection) -> Iterator[None]:
    """Let DuckDB write tables less often, in bounded memory, while many batches are loaded."""
    ((threads,),) = connection.execute("SELECT current_setting('threads')").fetchall()
    connection.execute(f"SET checkpoint_threshold = '{_LOAD_CHECKPOINT_SIZE}'")
    connection.execute(f"SET memory_limit = '{max(_LOAD_MEGABYTES_AT_LEAST, _LOAD_MEGABYTES_PER_THREAD * threads)}MB'")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # the database has failed, and its own error says more
            connection.execute("RESET checkpoint_threshold; RESET memory_limit")


def replace_trees(connection: Connection, source: str, rows: pa.Table, loaded_before: Sequence[str]) -> int:
    """Replace trees in core.jobs and return the number of rows written.

    Args:
        connection: the warehouse.
        source: the source of the trees.
        rows: all rows of the trees, with the columns of core.jobs but `source` and `observed_at`, which is
            `last_fetched_at` of the root in raw.job_ids.
        loaded_before: the roots that may have rows already. Only these are searched for and deleted, so that a first
            load never searches the table.
    """
    if loaded_before:
        connection.register("incoming", pa.table({"root_job_id": pa.array(loaded_before, pa.string())}))
        # Conditions on single columns become a hash join; a tuple IN (...) does not.
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
    """Return the observation time of each row's root. A join in DuckDB would unpack the maps of all rows."""
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
    """Set `observed_at` of trees that were fetched again unchanged to `last_fetched_at` of their roots."""
    if not root_job_ids:
        return
    connection.register("incoming", pa.table({"job_id": pa.array(root_job_ids, pa.string())}))
    # A query comes first, since an UPDATE in a lake does not return the changed rows.
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
    """Delete all rows of core.jobs, which can be loaded again from raw."""
    connection.execute("TRUNCATE core.jobs")
    # raw.changed_roots does not have the trees that are deleted here, so that all models have to be built anew.
    connection.execute("TRUNCATE raw.model_builds")
