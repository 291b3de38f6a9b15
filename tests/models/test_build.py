"""Building SQL models of the tests' own: tables, views, computations, comments, variables."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.models.build import build_models, bulk_writes, set_slo
from cce_etl.models.model import Computation, Model, read_models
from cce_etl.settings.settings import Slo
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.file import FileStorage
from cce_etl.warehouse.files import row_counts
from tests.warehouse.lakes import lake_in, needs_extensions


def write(folder: Path, **models: str) -> Path:
    """Write models, each named schema__table, below a folder."""
    for name, text in models.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".sql")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def read_computed(folder: Path, computations: dict[str, Computation]) -> list[Model]:
    """Read the models of a folder; some are computed."""
    return [msgspec.structs.replace(model, computation=computations.get(model.name)) for model in read_models(folder)]


def test_a_model_whose_source_is_missing_is_named_and_the_table_before_is_kept(
    tmp_path: Path, connection: Connection
) -> None:
    build_models(connection, read_models(write(tmp_path, marts__a="SELECT 1 AS x", marts__b="SELECT x FROM marts.a")))
    write(tmp_path, marts__a="SELECT 2 AS x", marts__b="SELECT x FROM marts.nowhere")
    with pytest.raises(WarehouseError, match=r"The model marts\.b failed: .*nowhere"):
        build_models(connection, read_models(tmp_path))
    assert connection.execute("SELECT x FROM marts.a").fetchall() == [(2,)]
    assert connection.execute("SELECT x FROM marts.b").fetchall() == [(1,)]


def test_building_returns_the_rows_of_each_and_again_gives_the_same(tmp_path: Path, connection: Connection) -> None:
    models = read_models(
        write(tmp_path, marts__a="FROM range(3) AS r(x)", marts__b="SELECT x FROM marts.a WHERE x > 0")
    )
    for _ in range(2):
        assert build_models(connection, models) == {"marts.a": 3, "marts.b": 2}
    assert row_counts(connection, ["marts.b"])["marts.b"] == 2


HEADED = """-- What it's for; two
-- lines of it.
-- grain: x
-- columns:
--   x: the number's "name",
--     and more of it
--   y: another
SELECT 1 AS x, 2 AS y -- not: this
"""


def test_the_header_becomes_comments_on_the_table_and_its_columns_on_every_build(
    tmp_path: Path, connection: Connection
) -> None:
    models = read_models(write(tmp_path, marts__a=HEADED))
    for _ in range(2):
        build_models(connection, models)
        assert connection.execute("SELECT comment FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall() == [
            ("What it's for; two lines of it. Grain: x.",)
        ]
        assert connection.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'marts' ORDER BY 1"
        ).fetchall() == [("x", 'the number\'s "name", and more of it'), ("y", "another")]


def test_a_comment_on_a_column_that_the_model_lacks_undoes_the_build(tmp_path: Path, connection: Connection) -> None:
    build_models(connection, read_models(write(tmp_path, marts__a="SELECT 1 AS x")))
    write(tmp_path, marts__a="-- columns:\n--   z: not there\nSELECT 2 AS x")
    with pytest.raises(WarehouseError, match=r"The model marts\.a failed"):
        build_models(connection, read_models(tmp_path))
    assert connection.execute("SELECT x FROM marts.a").fetchall() == [(1,)]


def test_a_computation_makes_the_table_from_the_rows_its_model_selects(tmp_path: Path, connection: Connection) -> None:
    folder = write(tmp_path, marts__a="-- columns:\n--   y: twice x\nFROM range(3) AS r(x)", marts__b="FROM marts.a")

    def twice(table: pa.Table) -> pa.Table:
        return pa.table({"y": [2 * x for x in table["x"].to_pylist()]})

    for _ in range(2):
        assert build_models(connection, read_computed(folder, {"marts.a": twice})) == {"marts.a": 3, "marts.b": 3}
    assert connection.execute("SELECT y FROM marts.b").fetchall() == [(0,), (2,), (4,)]
    assert connection.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'a'").fetchall() == [
        ("twice x",)
    ]


def _most_at_once(connection: Connection, folder: Path) -> int:
    """Build three models that do not depend on each other, each slow; return how many were being made at once."""
    lock, now, most = threading.Lock(), 0, 0

    def slowly(table: pa.Table) -> pa.Table:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.3)
        with lock:
            now -= 1
        return table

    models = read_computed(
        write(folder, marts__a="SELECT 1 AS x", marts__b="SELECT 2 AS x", marts__c="SELECT 3 AS x"),
        {f"marts.{name}": slowly for name in "abc"},
    )
    assert build_models(connection, models) == {"marts.a": 1, "marts.b": 1, "marts.c": 1}
    return most


def test_models_of_a_file_are_made_two_at_a_time(tmp_path: Path, connection: Connection) -> None:
    assert _most_at_once(connection, tmp_path) == 2


def test_the_longest_chain_of_models_is_begun_first(
    tmp_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileStorage, "build_connections", 1)  # of two, each may be kept waiting by the machine
    begun: list[str] = []

    def noted(name: str) -> Callable[[pa.Table], pa.Table]:
        return lambda table: begun.append(name) or table  # type: ignore[func-returns-value]

    selects = dict.fromkeys("abcdx", "SELECT 1 AS x") | {"y": "FROM marts.x", "z": "FROM marts.y"}
    folder = write(tmp_path, **{f"marts__{name}": select for name, select in selects.items()})
    build_models(connection, read_computed(folder, {f"marts.{name}": noted(name) for name in selects}))
    assert sorted(begun) == sorted(selects)
    assert begun[:2] == ["x", "y"]


@needs_extensions
def test_models_of_a_lake_are_made_one_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    with open_warehouse(lake_in(tmp_path)) as connection:
        assert _most_at_once(connection, tmp_path / "models") == 1


VIEWED = """-- Small numbers.
-- materialized: view
-- grain: x
-- columns:
--   x: the number
SELECT x FROM marts.a WHERE x < 2
"""


def test_a_view_is_described_like_a_table_and_follows_what_it_selects_from(
    tmp_path: Path, connection: Connection
) -> None:
    models = read_models(write(tmp_path, marts__a="FROM range(3) AS r(x)", marts__b=VIEWED))
    for _ in range(2):
        assert build_models(connection, models) == {"marts.a": 3, "marts.b": 2}
    connection.execute("DELETE FROM marts.a WHERE x = 0")
    assert connection.execute("FROM marts.b").fetchall() == [(1,)]
    comments = connection.execute("SELECT comment FROM duckdb_views() WHERE NOT internal").fetchall()
    comments += connection.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'b'").fetchall()
    assert comments == [("Small numbers. Grain: x.",), ("the number",)]


def test_a_table_becomes_a_view_and_a_view_a_table_when_its_model_says_so(
    tmp_path: Path, connection: Connection
) -> None:
    plain = VIEWED.replace("-- materialized: view\n", "")
    for text in (plain, VIEWED, plain):
        build_models(connection, read_models(write(tmp_path, marts__a="FROM range(3) AS r(x)", marts__b=text)))
        assert connection.execute("SELECT count(*) FROM marts.b").fetchall() == [(2,)]


def test_what_large_writes_want_holds_no_longer_than_they_do(connection: Connection) -> None:
    settings = (
        "SELECT name, value FROM duckdb_settings() WHERE name IN ('max_vacuum_tasks', 'memory_limit') ORDER BY ALL"
    )
    before = connection.execute(settings).fetchall()
    with bulk_writes(connection):
        assert connection.execute(settings).fetchall() != before
    assert connection.execute(settings).fetchall() == before


def test_a_lower_limit_of_memory_stays_as_it_is(connection: Connection) -> None:
    connection.execute("SET memory_limit = '500MB'")
    limit = "SELECT current_setting('memory_limit')"
    before = connection.execute(limit).fetchall()
    with bulk_writes(connection):
        assert connection.execute(limit).fetchall() == before


def test_an_error_of_a_database_that_cannot_be_used_any_more_is_not_hidden(connection: Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        lose_the_database_inside(connection)


def lose_the_database_inside(connection: Connection) -> None:
    with bulk_writes(connection):
        connection.close()
        raise ZeroDivisionError


VARIABLES = "SELECT getvariable('slo_targets'), getvariable('slo_objective'), getvariable('slo_window_days')"


def test_the_service_level_is_set_in_typed_variables_of_the_connection_and_can_be_set_again() -> None:
    with duckdb.connect() as connection:
        assert connection.execute(VARIABLES).fetchall() == [(None, None, None)]
        set_slo(connection, Slo(targets={"A 'quoted'": 1, "B": 0.5}, objective=0.99, window_days=7))
        assert connection.execute(VARIABLES).fetchall() == [({"A 'quoted'": 1.0, "B": 0.5}, 0.99, 7)]
        set_slo(connection, Slo())
        assert connection.execute(VARIABLES).fetchall() == [({}, 0.95, 28)]
        types = connection.execute(f"SELECT typeof(COLUMNS(*)) FROM ({VARIABLES})").fetchall()
        assert types == [("MAP(VARCHAR, DOUBLE)", "DOUBLE", "INTEGER")]
