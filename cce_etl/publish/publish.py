"""The published file: a read-only copy for analysts, swapped in whole.

Lives here: copy, manifest, verification, the atomic swap.
Does not: reading it (`query`), building what is in it (`core`, `models`).
"""

from importlib import metadata
from pathlib import Path

import duckdb
import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.models.incremental import require_whole
from cce_etl.models.model import row_counts
from cce_etl.publish.lake_copy import copy_lake
from cce_etl.settings.location import Lake, Location
from cce_etl.warehouse.connection import DISABLE_ROW_GROUP_MERGING, Connection, warehouse_errors
from cce_etl.warehouse.files import copy_file, drafted, swap_in
from cce_etl.warehouse.locks import shared_build_lock

_MANIFEST = """
    CREATE OR REPLACE TABLE main.manifest AS
    SELECT
        make_timestamp_ns($published_at) AS published_at,
        $run_id AS run_id,
        $ids_asked::BIGINT AS ids_asked,
        $ids_fetched::BIGINT AS ids_fetched,
        $ids_failed::BIGINT AS ids_failed,
        $ids_pending::BIGINT AS ids_pending,
        $ids_running::BIGINT AS ids_running,
        $ids_gone::BIGINT AS ids_gone,
        map($table_names::VARCHAR[], $table_rows::BIGINT[]) AS table_rows,
        $cce_etl_version AS cce_etl_version,
        version() AS duckdb_version
"""
_COVERAGE = """
    SELECT
        count(*), count(last_fetched_at), count(*) FILTER (state = 'pending'), count(*) FILTER (state = 'running'),
        count(*) FILTER (state = 'gone'),
        (SELECT count(DISTINCT (source, job_id)) FROM raw.dead_letters WHERE resolved_at IS NULL)
    FROM raw.job_ids
"""


class Coverage(msgspec.Struct, frozen=True):
    """Count the ids the warehouse knows: all, ever answered, never answered, not yet ended, forgotten, failing."""

    ids_asked: int
    ids_fetched: int
    ids_pending: int
    ids_running: int
    ids_gone: int
    ids_failed: int


def publish(
    connection: Connection, warehouse: Location, published: Path, run_id: str, published_at: int
) -> dict[str, int]:
    """Copy core and marts with a manifest to `published` and swap it in; return the rows of each table.

    Raises WarehouseError when the copy cannot be made or does not hold what the warehouse holds; the file published
    before then stays as it is. Raises ConfigError when both are one file, which would lose raw.
    """
    if isinstance(warehouse, Path) and published.exists() and published.samefile(warehouse):
        raise ConfigError(f"CCE_PUBLISHED is wrong: {published} is the warehouse itself. Set it to another path.")
    with shared_build_lock(connection), drafted(published) as draft, warehouse_errors(draft):
        require_whole(connection)
        coverage = read_coverage(connection)
        rows = (
            copy_lake(connection, draft, published_tables(connection))
            if isinstance(warehouse, Lake)
            else _copy_file(connection, warehouse, draft)
        )
        _strip_and_sign(draft, rows, coverage, run_id, published_at)
        _verify(draft, rows)
        swap_in(draft, published)
    return rows


def _copy_file(connection: Connection, warehouse: Path, draft: Path) -> dict[str, int]:
    # Without a checkpoint the newest rows are in the write-ahead log, which is not copied.
    connection.execute("CHECKPOINT")
    copy_file(warehouse, draft)
    return row_counts(connection, published_tables(connection))


def published_tables(connection: Connection) -> list[str]:
    """Return the names of the tables and views that are published, schema-qualified."""
    rows = connection.execute(
        """
        SELECT table_schema || '.' || table_name FROM information_schema.tables
        WHERE table_catalog = current_database() AND table_schema IN ('core', 'marts') ORDER BY ALL
        """
    ).fetchall()
    return [name for (name,) in rows]


def read_coverage(connection: Connection) -> Coverage:
    """Return how many ids the warehouse knows and how they stand."""
    (row,) = connection.execute(_COVERAGE).fetchall()
    return Coverage(*row)


def _strip_and_sign(draft: Path, rows: dict[str, int], coverage: Coverage, run_id: str, published_at: int) -> None:
    with duckdb.connect(draft.absolute()) as copy:
        copy.execute(f"{DISABLE_ROW_GROUP_MERGING}; DROP SCHEMA IF EXISTS raw CASCADE")
        copy.execute(
            _MANIFEST,
            msgspec.structs.asdict(coverage)
            | {
                "published_at": published_at,
                "run_id": run_id,
                "table_names": list(rows),
                "table_rows": list(rows.values()),
                "cce_etl_version": metadata.version("cce-etl"),
            },
        )
        copy.execute("CHECKPOINT")


def _verify(draft: Path, rows: dict[str, int]) -> None:
    with duckdb.connect(draft.absolute(), read_only=True) as copy:
        copied = row_counts(copy, published_tables(copy))
    if copied != rows:
        wrong = sorted(table for table in rows.keys() | copied.keys() if rows.get(table) != copied.get(table))
        raise WarehouseError(
            f"The copy to publish differs from the warehouse in {', '.join(wrong)}; it is thrown away, "
            "and the one published before is kept. Run `cce-etl publish` again."
        )
