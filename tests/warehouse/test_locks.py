"""Whose turn it is: where one process alone can write, nobody waits."""

from pathlib import Path

from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.locks import source_lock, write_lock
from tests.warehouse.lakes import lake_in, needs_extensions

pytestmark = needs_extensions


def test_a_file_and_a_lake_of_one_process_need_no_turns(tmp_path: Path) -> None:
    for place in (tmp_path / "warehouse.duckdb", lake_in(tmp_path)):
        with open_warehouse(place) as connection, source_lock(connection, "s", 0), write_lock(connection):
            connection.execute("INSERT INTO raw.changed_roots VALUES ('s', 'r')")
            with source_lock(connection, "s", 0):
                pass
