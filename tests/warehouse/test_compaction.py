"""A lake's files over time: fewer of them, and the same rows."""

from pathlib import Path

import pytest

from cce_etl.pipeline import run as pipeline
from cce_etl.warehouse.compaction import compact
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.files import read_contents
from tests.warehouse.lakes import lake_in, needs_extensions, write_fleet

pytestmark = needs_extensions


def test_small_files_become_few_and_the_rows_stay(tmp_path: Path) -> None:
    fleet = write_fleet(tmp_path / "jobs.ndjson", 20)
    with open_warehouse(lake_in(tmp_path)) as connection:
        for _ in range(3):
            pipeline.load(connection, "s", [str(fleet)])
        before = read_contents(connection)
        done = compact(connection, 7)
        assert read_contents(connection) == before
        assert done.files_after < done.files_before
        assert done.expired_snapshots == 0


def test_snapshots_of_long_ago_are_forgotten_and_their_files_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(lake_in(tmp_path)) as connection:
        connection.execute("CREATE TABLE marts.old AS SELECT range AS number FROM range(1000); DROP TABLE marts.old")
        done = compact(connection, 0)
        assert done.expired_snapshots > 0
        compact(connection, 0)
        assert not list((tmp_path / "files" / "marts").rglob("*.parquet"))
