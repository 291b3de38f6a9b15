"""A table of the warehouse as Dagster shows it: its asset, columns and where they come from, row count, first rows.

Lives here: what is said of a table. Does not: reading it exactly (`warehouse/query`), filling it (the assets).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from dagster import (
    AssetKey,
    MarkdownMetadataValue,
    TableColumn,
    TableColumnConstraints,
    TableSchema,
)
from dagster._core.definitions.metadata import RawMetadataValue

from cce_etl.publish.query import first_rows
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.files import row_counts

JOB_IDS: Final = AssetKey(["raw", "job_ids"])
JOB_PAYLOADS: Final = AssetKey(["raw", "job_payloads"])
JOBS: Final = AssetKey(["core", "jobs"])
# Who is asked about an asset: those who keep the fetching going, or those who keep the answers right.
OPERATORS: Final = "team:operators"
ANALYSTS: Final = "team:analysts"
PREVIEW_ROWS: Final = 10
CELL_LENGTH: Final = 60
_COLUMNS: Final = """
    SELECT schema_name || '.' || table_name, column_name, data_type, comment, is_nullable FROM duckdb_columns()
    WHERE database_name = current_database() AND list_contains($1, schema_name || '.' || table_name)
    ORDER BY column_index
"""
# What a table cell of Markdown would take for its own, and what ends its line.
_ESCAPES: Final = str.maketrans({character: f"\\{character}" for character in "\\|*_`[]<>~&"} | {"\n": " ", "\r": " "})


def asset_key(table: str) -> AssetKey:
    """Return the asset that fills `schema.table`; what raw holds beside the ids comes from fetching."""
    schema, name = table.split(".")
    return JOB_PAYLOADS if schema == "raw" and name != "job_ids" else AssetKey([schema, name])


def table_definition_metadata(table: str) -> dict[str, RawMetadataValue]:
    """Say before any run where the asset's rows are."""
    return {"dagster/table_name": table, "dagster/storage_kind": "duckdb"}


def table_metadata(connection: Connection, table: str) -> dict[str, RawMetadataValue]:
    """Return columns with their comments, the row count, and the first rows without binary columns.

    Nothing of a table that is not there: some are made in passing and not kept.
    """
    (metadata,) = tables_metadata(connection, [table])
    return metadata


def tables_metadata(connection: Connection, tables: Sequence[str]) -> Iterator[dict[str, RawMetadataValue]]:
    """Yield the same of several tables, in their order."""
    columns = _columns(connection, tables)
    counts = row_counts(connection, list(columns))
    for table in tables:
        yield _metadata(connection, table, columns[table], counts[table]) if table in columns else {}


def _metadata(
    connection: Connection, table: str, columns: Sequence[TableColumn], row_count: int
) -> dict[str, RawMetadataValue]:
    shown = {column.name: column.type for column in columns if column.type != "BLOB"}
    return {
        "dagster/column_schema": TableSchema(columns),
        "dagster/row_count": row_count,
        "preview": markdown_table(list(shown), first_rows(connection, table, shown, PREVIEW_ROWS)),
    }


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> MarkdownMetadataValue:
    """Draw rows as a table; long values are cut, with an ellipsis."""
    return _markdown([_cut(column) for column in columns], ([_cut(value) for value in row] for row in rows))


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> MarkdownMetadataValue:
    head, *body = ([cell.translate(_ESCAPES) for cell in row] for row in [columns, *rows])
    return MarkdownMetadataValue("\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body]))


def _columns(connection: Connection, tables: Sequence[str]) -> dict[str, list[TableColumn]]:
    """Return the columns of those tables that are there; in one, since DuckDB lists all for any one, in 8 ms."""
    columns: dict[str, list[TableColumn]] = {}
    for table, name, kind, comment, is_nullable in connection.execute(_COLUMNS, [tables]).fetchall():
        constraints = TableColumnConstraints(nullable=is_nullable)
        columns.setdefault(table, []).append(TableColumn(name, kind, description=comment, constraints=constraints))
    return columns


def _cut(value: object) -> str:
    # Fifteen digits are what a double holds of any decimal; the sixteenth and seventeenth show its rounding.
    text = "NULL" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
    return text if len(text) <= CELL_LENGTH else f"{text[: CELL_LENGTH - 1]}…"
