"""One model's table or view in the database, with the descriptions of its header as comments."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import duckdb

from cce_etl.errors import WarehouseError
from cce_etl.models.model import Model
from cce_etl.warehouse.connection import Connection, storage_of
from cce_etl.warehouse.quoting import literal

_ROW_GROUP: Final = 122_880
# Not from duckdb_tables(), which counts the rows of each: 40 ms in a lake of 40 tables.
_RELATION_TYPES: Final = """
    WITH views AS (SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database())
    SELECT DISTINCT
        columns.schema_name || '.' || columns.table_name, CASE WHEN view_name IS NULL THEN 'TABLE' ELSE 'VIEW' END
    FROM duckdb_columns() AS columns
    LEFT JOIN views ON columns.schema_name = views.schema_name AND columns.table_name = views.view_name
    WHERE columns.database_name = current_database()
"""


def make_table(connection: Connection, model: Model) -> None:
    """Create or replace a model's table or view. A relation of that name must be of the same type.

    Raises DuckDB's error; `model_errors` turns it into a WarehouseError.
    """
    if model.computation is None:
        connection.execute(f"CREATE OR REPLACE {_relation_type(model)} {model.name} AS\n{model.sql}")
        return
    import pyarrow as pa  # it takes a tenth of a second, which commands that only read need not spend

    # Read in parts: a whole result would be in memory twice, as DuckDB's and as Arrow's.
    rows = connection.sql(model.sql).to_arrow_reader(_ROW_GROUP).read_all()
    connection.register("incoming", model.computation(rows))
    connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS FROM incoming")
    connection.unregister("incoming")
    # Arrow keeps freed memory for its next computation, which may be much smaller.
    pa.default_memory_pool().release_unused()


def drop_other_type(connection: Connection, model: Model, before: Mapping[str, str]) -> None:
    """Drop the table of a model that is a view now, or the view of one that is a table now.

    CREATE OR REPLACE does not replace one by the other. `before` is what `relation_types` returned.
    """
    if before.get(model.name, _relation_type(model)) != _relation_type(model):
        connection.execute(f"DROP {before[model.name]} {model.name}")


def relation_types(connection: Connection) -> dict[str, str]:
    """Return for each relation of the database in use whether it is a TABLE or a VIEW."""
    return dict(connection.execute(_RELATION_TYPES).fetchall())


def write_comments(connection: Connection, model: Model) -> None:
    """Write the descriptions of a model as comments of its table and, where the storage keeps them, its columns."""
    relation = _relation_type(model)
    grain = f" Grain: {model.grain}." if model.grain else ""
    comments = [f"COMMENT ON {relation} {model.name} IS {literal(model.description + grain)}"]
    if relation == "TABLE" or storage_of(connection).keeps_view_column_comments:
        comments += [
            f"COMMENT ON COLUMN {model.name}.{name} IS {literal(text)}" for name, text in model.columns.items()
        ]
    connection.execute("; ".join(comments))


@contextmanager
def model_errors(model: Model) -> Iterator[None]:
    """Turn DuckDB's errors while a model is made into a WarehouseError that names the model."""
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(f"The model {model.name} failed: {str(error).splitlines()[0]}") from error


def _relation_type(model: Model) -> str:
    return "VIEW" if model.materialized == "view" else "TABLE"
