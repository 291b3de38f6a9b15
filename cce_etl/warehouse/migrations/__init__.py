"""The statements that create the warehouse's tables (schema.sql), and those that bring older tables up to date.

NNNN_<what>.sql changes the tables of the version before to those of version NNNN; a released file never changes.
"""

from importlib import resources
from typing import Final

import duckdb

# Increases with every change of schema.sql, together with a file here that makes the change in an older warehouse.
SCHEMA_VERSION: Final = 3
# The first version that was released.
OLDEST_VERSION: Final = 1


def schema_sql() -> str:
    """Return the statements that create the tables which loading writes, where they are missing."""
    return resources.files("cce_etl.warehouse").joinpath("schema.sql").read_text(encoding="utf-8")


def migrate_tables(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    """Bring tables of an older version up to date, inside the caller's transaction."""
    for number, statements in migrations():
        if number > version:
            connection.execute(statements)
            connection.execute("UPDATE raw.schema_version SET version = $1", [number])


def migrations() -> list[tuple[int, str]]:
    """Return the version and the statements of every migration, in order."""
    files = resources.files("cce_etl.warehouse.migrations").iterdir()
    found = {file.name: file for file in files if file.name.endswith(".sql")}
    return [(int(name.partition("_")[0]), found[name].read_text(encoding="utf-8")) for name in sorted(found)]
