"""A table of the warehouse as Dagster shows it: its asset, columns, row count and first rows.

Lives here: what is said of a table. Does not: reading it exactly (`warehouse/query`), filling it (the assets).
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from dagster import AssetKey, MarkdownMetadataValue, TableColumn, TableColumnConstraints, TableSchema
from dagster._core.definitions.metadata import RawMetadataValue

from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.models import count_rows
from cce_etl.warehouse.query import query

JOB_IDS: Final = AssetKey(["raw", "job_ids"])
JOB_PAYLOADS: Final = AssetKey(["raw", "job_payloads"])
JOBS: Final = AssetKey(["core", "jobs"])
PREVIEW_ROWS: Final = 10
CELL_LENGTH: Final = 60
_COLUMNS: Final = """
    SELECT column_name, data_type, comment, is_nullable FROM duckdb_columns()
    WHERE database_name = current_database() AND schema_name || '.' || table_name = $1 ORDER BY column_index
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
    """Return columns with their comments, the row count, and the first rows without binary columns."""
    columns = _columns(connection, table)
    shown = ", ".join(_quoted(column.name) for column in columns if column.type != "BLOB")
    result = query(connection, f"SELECT {shown} FROM {table} LIMIT {PREVIEW_ROWS}")
    return {
        "dagster/column_schema": TableSchema(columns),
        "dagster/row_count": count_rows(connection, table),
        "preview": markdown_table(result.columns, result.rows),
    }


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> MarkdownMetadataValue:
    """Draw rows as a table; long values are cut, with an ellipsis."""
    lines = [_line(map(_cell, columns)), _line("---" for _ in columns)]
    lines += [_line(map(_cell, row)) for row in rows]
    return MarkdownMetadataValue("\n".join(lines))


def _columns(connection: Connection, table: str) -> list[TableColumn]:
    rows = connection.execute(_COLUMNS, [table]).fetchall()
    return [
        TableColumn(name, type=kind, description=comment, constraints=TableColumnConstraints(nullable=is_nullable))
        for name, kind, comment, is_nullable in rows
    ]


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    # Fifteen digits are what a double holds of any decimal; the sixteenth and seventeenth show its rounding.
    text = "NULL" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
    shown = text if len(text) <= CELL_LENGTH else f"{text[: CELL_LENGTH - 1]}…"
    return shown.translate(_ESCAPES)
