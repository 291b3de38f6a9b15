"""Giving space back: deleted rows leave holes in a DuckDB file, which no checkpoint takes out.

Lives here: writing every table anew into a fresh file, proving that it holds the same, swapping it in.
Does not: what is deleted before (`retention`), the swap itself (`copying`).
"""

from pathlib import Path
from typing import Final

from cce_etl.errors import WarehouseError
from cce_etl.settings.location import Location
from cce_etl.warehouse.compaction import compact
from cce_etl.warehouse.connection import STORAGE_VERSION, Connection, open_existing_warehouse
from cce_etl.warehouse.files import differences, drafted, held, read_contents, swap_in, wal_of
from cce_etl.warehouse.quoting import identifier, literal
from cce_etl.warehouse.status import byte_count

_FRESH: Final = "cce_etl_fresh"
# Everything that is said of tables, views and columns, in words that name no database.
_DEFINITIONS: Final = """
    SELECT schema_name, table_name, comment, sql FROM duckdb_tables() WHERE database_name = $1 AND NOT internal
    UNION ALL SELECT schema_name, view_name, comment, sql FROM duckdb_views() WHERE database_name = $1 AND NOT internal
    UNION ALL
    SELECT schema_name, table_name || '.' || column_name, comment, data_type FROM duckdb_columns()
    WHERE database_name = $1 AND NOT internal
    ORDER BY ALL
"""


def vacuum_warehouse(location: Location, lock_wait_seconds: float, snapshot_days: int) -> int:
    """Write the warehouse as small as it goes, and return its bytes; a lake keeps snapshots of so many days.

    Raises WarehouseError, see `rewrite`.
    """
    if isinstance(location, Path):
        return rewrite(location, lock_wait_seconds)
    with open_existing_warehouse(location) as connection:
        compact(connection, snapshot_days)
        return byte_count(connection, location)


def rewrite(warehouse: Path, lock_wait_seconds: float = 0.0) -> int:
    """Write the warehouse anew, as small as it goes, and return its bytes; until the swap the old file is whole.

    Needs room for a second file beside it. Raises WarehouseError when the new file differs from the old one, when
    another process holds the warehouse or wrote to it meanwhile, and when it cannot be written.
    """
    with drafted(warehouse) as draft:
        with open_existing_warehouse(warehouse, lock_wait_seconds) as connection:
            _copy_tables(connection, draft)
            connection.execute("CHECKPOINT")
        before = _state(warehouse)
        with held(warehouse, lock_wait_seconds):
            if _state(warehouse) != before or wal_of(warehouse).exists():
                raise WarehouseError(f"{warehouse} was written to meanwhile, and is as it was. Try again.")
            swap_in(draft, warehouse)
    return warehouse.stat().st_size


def _copy_tables(connection: Connection, draft: Path) -> None:
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    path, source = literal(draft.absolute()), identifier(name)
    connection.execute(f"ATTACH {path} AS {_FRESH} (STORAGE_VERSION '{STORAGE_VERSION}')")
    connection.execute(f"COPY FROM DATABASE {source} TO {_FRESH}")
    connection.execute(f"CHECKPOINT {_FRESH}")
    _verify(connection, name, draft)
    connection.execute(f"DETACH {_FRESH}")


def _verify(connection: Connection, name: str, draft: Path) -> None:
    wrong = differences(read_contents(connection, name), read_contents(connection, _FRESH))
    definitions = [connection.execute(_DEFINITIONS, [database]).fetchall() for database in (name, _FRESH)]
    if wrong or definitions[0] != definitions[1]:
        what = ", ".join(wrong) or "what is said of tables and columns"
        raise WarehouseError(f"{draft}, the warehouse written anew, differs in {what}; it is thrown away. Try again.")


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
