"""Steps that bring an older warehouse up to date: NNNN_<what>.sql makes version NNNN of the version before it.

Lives here: the steps, never changed once released, and running them.
Does not: when (`connection`), the newest tables, which every step must end at (schema.sql).
"""

from importlib import resources
from typing import Final

import duckdb

# The first version that has steps; what came before it was never released.
OLDEST_VERSION: Final = 1


def migrate(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    """Take every step above `version` in order, inside the caller's transaction, and write each one's number down."""
    for number, statements in steps():
        if number > version:
            connection.execute(statements)
            connection.execute("UPDATE raw.schema_version SET version = $1", [number])


def steps() -> list[tuple[int, str]]:
    """Return the number and the statements of every step, in order."""
    files = resources.files("cce_etl.warehouse.migrations").iterdir()
    found = {file.name: file for file in files if file.name.endswith(".sql")}
    return [(int(name.partition("_")[0]), found[name].read_text(encoding="utf-8")) for name in sorted(found)]
