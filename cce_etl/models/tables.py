"""A model as a table or a view, with its words as comments.

Lives here: making one, whatever was there before; errors that name it. Does not: reading models (`models`), their order
and what is made when (`builds`, `trees`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import duckdb

from cce_etl.errors import WarehouseError
from cce_etl.models.model import Model
from cce_etl.warehouse.connection import Connection, storage_of
from cce_etl.warehouse.quoting import literal

_BATCH_ROWS: Final = 122_880  # a row group
# Not from duckdb_tables(), which counts the rows of each: 40 ms in a lake of 40 tables.
_KINDS: Final = """
    WITH views AS (SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database())
    SELECT DISTINCT
        columns.schema_name || '.' || columns.table_name, CASE WHEN view_name IS NULL THEN 'TABLE' ELSE 'VIEW' END
    FROM duckdb_columns() AS columns
    LEFT JOIN views ON columns.schema_name = views.schema_name AND columns.table_name = views.view_name
    WHERE columns.database_name = current_database()
"""


def make_table(connection: Connection, model: Model) -> None:
    """Make a model's table or view anew from what it selects; what has its name is of its kind, see `drop_other_kind`.

    Raises DuckDB's error, see `naming`.
    """
    if model.computation is None:
        kind = "VIEW" if model.is_view else "TABLE"
        connection.execute(f"CREATE OR REPLACE {kind} {model.name} AS\n{model.sql}")
        return
    import pyarrow as pa  # a tenth of a second, which those who only ask need not spend

    # Read as it comes: a whole result would stand in memory twice, as DuckDB's and as Arrow's.
    rows = connection.sql(model.sql).to_arrow_reader(_BATCH_ROWS).read_all()
    connection.register("incoming", model.computation(rows))
    connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS FROM incoming")
    connection.unregister("incoming")
    # Arrow keeps what a computation is done with for its next one, which may never be as large.
    pa.default_memory_pool().release_unused()


def drop_other_kind(connection: Connection, model: Model, before: Mapping[str, str]) -> None:
    """Drop the table where the model is a view now, and the reverse, given what each name was before.

    CREATE OR REPLACE does not replace one by the other.
    """
    other = "TABLE" if model.is_view else "VIEW"
    if before.get(model.name) == other:
        connection.execute(f"DROP {other} {model.name}")


def kinds(connection: Connection) -> dict[str, str]:
    """Return what each name of the database in use is: TABLE or VIEW."""
    return dict(connection.execute(_KINDS).fetchall())


def write_comments(connection: Connection, model: Model) -> None:
    """Write the words of a model's header to its table and columns; a lake keeps none of a view's columns."""
    columns = {} if model.is_view and not storage_of(connection).keeps_view_column_comments else model.columns
    connection.execute("; ".join(_comments(model, columns)))


def _comments(model: Model, columns: Mapping[str, str]) -> Iterator[str]:
    grain = f" Grain: {model.grain}." if model.grain else ""
    yield f"COMMENT ON {'VIEW' if model.is_view else 'TABLE'} {model.name} IS {literal(model.description + grain)}"
    for column, text in columns.items():
        yield f"COMMENT ON COLUMN {model.name}.{column} IS {literal(text)}"


@contextmanager
def naming(model: Model) -> Iterator[None]:
    """Turn what DuckDB says while a model is made into a WarehouseError that names the model."""
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(f"The model {model.name} failed: {str(error).splitlines()[0]}") from error
