"""What a lake holds as one DuckDB file: for those who read that and no lake.

Lives here: tables as they stand in one snapshot, the views and words of the models. Does not: the swap (`publish`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cce_etl.models.model import count_rows, read_models, sql_directory
from cce_etl.models.tables import kinds, write_comments
from cce_etl.warehouse.connection import STORAGE_VERSION, Connection, schema_sql, unlocked_transaction
from cce_etl.warehouse.quoting import identifier, literal

_COPY: Final = "cce_etl_copy"
_LOADED: Final = "core.jobs"


def copy_lake(connection: Connection, draft: Path, names: Sequence[str]) -> dict[str, int]:
    """Write tables and views, named with their schemas, to a new file; return the rows of each in the lake."""
    ((lake,),) = connection.execute("SELECT current_database()").fetchall()
    connection.execute(f"ATTACH {literal(draft.absolute())} AS {_COPY} (STORAGE_VERSION '{STORAGE_VERSION}')")
    try:
        # Its tables for loading as well: they say which columns are never NULL, which a lake's do not.
        connection.execute(f"USE {_COPY}; {schema_sql()}; USE {identifier(lake)}")
        # One transaction sees one snapshot, whatever others write meanwhile.
        with unlocked_transaction(connection):
            found = kinds(connection)
            rows = {name: count_rows(connection, name) for name in names}
            for name in names:
                _copy_rows(connection, name, found)
        connection.execute(f"USE {_COPY}")
        _complete(connection, found)
    finally:
        connection.execute(f"USE {identifier(lake)}; DETACH {_COPY}")
    return rows


def _copy_rows(connection: Connection, name: str, found: Mapping[str, str]) -> None:
    if name == _LOADED:
        connection.execute(f"INSERT INTO {_COPY}.{name} BY NAME FROM {name}")
    elif found[name] == "TABLE":
        connection.execute(f"CREATE TABLE {_COPY}.{name} AS FROM {name}")


def _complete(connection: Connection, found: Mapping[str, str]) -> None:
    """Make the views, and write all comments: a lake keeps none of a view's columns."""
    for model in read_models(sql_directory()):
        if found.get(model.name) == "VIEW":
            connection.execute(f"CREATE VIEW {model.name} AS\n{model.sql}")
        if model.name in found:
            write_comments(connection, model)
