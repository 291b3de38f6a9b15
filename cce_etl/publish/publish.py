"""Writing the analysts' file: copy core and marts with a manifest, compare the copy, and swap it in."""

from importlib import metadata
from pathlib import Path

import duckdb
import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.models.incremental import require_complete_build
from cce_etl.models.model import read_models, sql_directory
from cce_etl.models.tables import write_comments
from cce_etl.settings.location import Location, same_file
from cce_etl.warehouse.connection import Connection, storage_at, warehouse_errors
from cce_etl.warehouse.file import DISABLE_ROW_GROUP_MERGING
from cce_etl.warehouse.files import draft_for, row_counts, swap_in
from cce_etl.warehouse.quoting import identifier
from cce_etl.warehouse.status import Coverage, published_tables, read_coverage

_HIDDEN_SCHEMAS = """
    SELECT schema_name FROM duckdb_schemas()
    WHERE database_name = current_database() AND NOT internal AND schema_name NOT IN ('core', 'marts', 'main')
"""
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


def publish(
    connection: Connection, warehouse: Location, published: Path, run_id: str, published_at: int
) -> dict[str, int]:
    """Copy core and marts with a manifest to `published`, which is replaced at once; return the rows of each table.

    Raises:
        ConfigError: `published` is the warehouse itself.
        WarehouseError: the copy cannot be made or differs from the warehouse; the file published before is kept.
    """
    if same_file(warehouse, published):
        raise ConfigError(f"CCE_PUBLISHED is wrong: {published} is the warehouse itself. Set it to another path.")
    storage = storage_at(warehouse)
    with storage.build_lock(connection, is_shared=True), draft_for(published) as draft, warehouse_errors(draft):
        require_complete_build(connection)
        coverage = read_coverage(connection)
        rows = storage.copy_tables(connection, draft, published_tables(connection))
        if not storage.keeps_view_column_comments:
            _comment_views(draft, rows)
        _hide_and_describe(draft, rows, coverage, run_id, published_at)
        _verify(draft, rows)
        swap_in(draft, published)
    return rows


def _comment_views(draft: Path, rows: dict[str, int]) -> None:
    with duckdb.connect(draft.absolute()) as copy:
        for model in read_models(sql_directory()):
            if model.materialized == "view" and model.name in rows:
                write_comments(copy, model)


def _hide_and_describe(draft: Path, rows: dict[str, int], coverage: Coverage, run_id: str, published_at: int) -> None:
    """Drop the schemas that are not for analysts, and write the manifest."""
    values = msgspec.structs.asdict(coverage) | {
        "published_at": published_at,
        "run_id": run_id,
        "table_names": list(rows),
        "table_rows": list(rows.values()),
        "cce_etl_version": metadata.version("cce-etl"),
    }
    with duckdb.connect(draft.absolute()) as copy:
        copy.execute(DISABLE_ROW_GROUP_MERGING)
        for (schema,) in copy.execute(_HIDDEN_SCHEMAS).fetchall():
            copy.execute(f"DROP SCHEMA {identifier(schema)} CASCADE")
        copy.execute(_MANIFEST, values)
        copy.execute("CHECKPOINT")


def _verify(draft: Path, rows: dict[str, int]) -> None:
    with duckdb.connect(draft.absolute(), read_only=True) as copy:
        copied = row_counts(copy, published_tables(copy))
    if copied != rows:
        wrong = sorted(table for table in rows.keys() | copied.keys() if rows.get(table) != copied.get(table))
        raise WarehouseError(
            f"The copy to publish differs from the warehouse in {', '.join(wrong)} and is discarded. "
            "The file published before is kept. Run `cce-etl publish` again."
        )
