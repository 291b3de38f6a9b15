"""Which asset a table of the warehouse is, and what Dagster shows of it: columns, row count, first rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import dagster as dg

from cce_etl.publish.query import first_rows
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.files import row_counts

JOB_IDS: Final = dg.AssetKey(["raw", "job_ids"])
JOB_PAYLOADS: Final = dg.AssetKey(["raw", "job_payloads"])
JOBS: Final = dg.AssetKey(["core", "jobs"])
# The owners of assets: those who operate the fetching, and those who are responsible for the models.
OPERATORS: Final = "team:operators"
ANALYSTS: Final = "team:analysts"
PREVIEW_ROWS: Final = 10
CELL_LENGTH: Final = 60
_COLUMNS: Final = """
    SELECT schema_name || '.' || table_name, column_name, data_type, comment, is_nullable FROM duckdb_columns()
    WHERE database_name = current_database() AND list_contains($1, schema_name || '.' || table_name)
    ORDER BY column_index
"""
# Characters with a meaning in a Markdown table, and line ends, which would end the row.
_ESCAPES: Final = str.maketrans({character: f"\\{character}" for character in "\\|*_`[]<>~&"} | {"\n": " ", "\r": " "})


def asset_key(table: str) -> dg.AssetKey:
    """Return the asset of `schema.table`; all raw tables except the ids belong to the asset of the payloads."""
    schema, name = table.split(".")
    return JOB_PAYLOADS if schema == "raw" and name != "job_ids" else dg.AssetKey([schema, name])


def table_definition_metadata(table: str) -> dict[str, Any]:
    """Return the metadata of an asset's definition: its table and its storage."""
    return {"dagster/table_name": table, "dagster/storage_kind": "duckdb"}


def tables_metadata(connection: Connection, tables: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield for each table its columns with comments, its row count, and its first rows without binary columns.

    The metadata of a table that does not exist, such as an ephemeral model's, is empty.
    """
    columns = _columns(connection, tables)
    counts = row_counts(connection, list(columns))
    for table in tables:
        if table not in columns:
            yield {}
            continue
        shown = {column.name: column.type for column in columns[table] if column.type != "BLOB"}
        yield {
            "dagster/column_schema": dg.TableSchema(columns[table]),
            "dagster/row_count": counts[table],
            "preview": markdown_table(list(shown), first_rows(connection, table, shown, PREVIEW_ROWS)),
        }


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> dg.MarkdownMetadataValue:
    """Return rows as a Markdown table; values longer than CELL_LENGTH are cut and end in an ellipsis."""
    head, *body = ([_cell(value) for value in row] for row in [columns, *rows])
    return dg.MarkdownMetadataValue("\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body]))


def _columns(connection: Connection, tables: Sequence[str]) -> dict[str, list[dg.TableColumn]]:
    """Return the columns of those tables that exist, by one query: DuckDB lists all columns for each, in 8 ms."""
    columns: dict[str, list[dg.TableColumn]] = {}
    for table, name, kind, comment, is_nullable in connection.execute(_COLUMNS, [tables]).fetchall():
        constraints = dg.TableColumnConstraints(nullable=is_nullable)
        columns.setdefault(table, []).append(dg.TableColumn(name, kind, description=comment, constraints=constraints))
    return columns


def _cell(value: object) -> str:
    # A double holds any decimal of 15 digits exactly; the 16th and 17th digit would show its rounding.
    text = "NULL" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
    return (text if len(text) <= CELL_LENGTH else f"{text[: CELL_LENGTH - 1]}…").translate(_ESCAPES)
