"""Reading, ordering and building SQL models, with models of the tests' own."""

from pathlib import Path

import pyarrow as pa
import pytest

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.models import (
    Check,
    build_models,
    count_rows,
    read_checks,
    read_models,
    run_check,
    sql_directory,
)


def write(folder: Path, **models: str) -> Path:
    """Write models, each named schema__table, below a folder."""
    for name, text in models.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".sql")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def names(folder: Path) -> list[str]:
    return [model.name for model in read_models(folder)]


def test_the_order_is_read_from_the_sql_whatever_the_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        marts__a="SELECT * FROM marts.b JOIN core.d USING (x)",
        marts__b="SELECT x FROM (SELECT x FROM marts.c) WHERE x IN (SELECT x FROM core.d)",
        marts__c="WITH one AS (SELECT * FROM core.d) SELECT x FROM one UNION ALL SELECT x FROM one",
        core__d="SELECT 1 AS x",
    )
    assert names(tmp_path) == ["core.d", "marts.c", "marts.b", "marts.a"]


def test_a_name_in_a_comment_or_a_string_is_no_dependency(tmp_path: Path) -> None:
    write(tmp_path, marts__a="-- FROM marts.b\nSELECT 'FROM marts.b' AS x", marts__b="SELECT x FROM marts.a")
    assert names(tmp_path) == ["marts.a", "marts.b"]


def test_a_common_table_expression_hides_no_table_of_a_schema(tmp_path: Path) -> None:
    write(tmp_path, marts__steps="SELECT 1 AS x", marts__a="WITH steps AS (FROM marts.steps) SELECT x FROM steps")
    (model,) = [model for model in read_models(tmp_path) if model.name == "marts.a"]
    assert model.dependencies == {"marts.steps"}


def test_models_in_a_circle_are_refused_and_named(tmp_path: Path) -> None:
    write(
        tmp_path, marts__a="SELECT * FROM marts.b", marts__b="SELECT * FROM marts.c", marts__c="SELECT * FROM marts.a"
    )
    with pytest.raises(ConfigError, match="circle") as caught:
        read_models(tmp_path)
    assert all(name in str(caught.value) for name in ("marts.a", "marts.b", "marts.c"))


def test_a_model_that_selects_from_itself_is_a_circle(tmp_path: Path) -> None:
    write(tmp_path, marts__a="SELECT * FROM marts.a")
    with pytest.raises(ConfigError, match=r"circle: marts\.a > marts\.a"):
        read_models(tmp_path)


@pytest.mark.parametrize(
    "text", ["DROP TABLE core.jobs", "SELECT 1; SELECT 2", "SELECT FROM WHERE", "", "-- only a comment", "SELECT 1;;x"]
)
def test_a_file_that_is_not_one_select_is_refused_and_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, marts__broken=text)
    with pytest.raises(ConfigError, match=r"marts/broken\.sql is not one SELECT"):
        read_models(tmp_path)


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
    assert count_rows(connection, "marts.b") == 2


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


def test_a_check_returns_the_rows_that_must_not_exist_up_to_a_limit(tmp_path: Path, connection: Connection) -> None:
    write(tmp_path, checks__no_evens="-- Evens are wrong.\n-- table: marts.a\nFROM range(100) AS r(x) WHERE x % 2 = 0")
    (check,) = read_checks(tmp_path)
    assert check == Check("no_evens", check.sql, "Evens are wrong.", "marts.a")
    assert run_check(connection, check, limit=3) == [{"x": 0}, {"x": 2}, {"x": 4}]
    assert len(run_check(connection, check)) == 20


def test_the_projects_own_models_are_found_in_a_checkout() -> None:
    assert (sql_directory() / "marts" / "steps.sql").is_file()
    assert {"marts.steps", "marts.step_durations", "marts.root_jobs"} <= set(names(sql_directory()))


def test_a_computation_makes_the_table_from_the_rows_its_model_selects(tmp_path: Path, connection: Connection) -> None:
    folder = write(tmp_path, marts__a="-- columns:\n--   y: twice x\nFROM range(3) AS r(x)", marts__b="FROM marts.a")

    def twice(table: pa.Table) -> pa.Table:
        return pa.table({"y": [2 * x for x in table["x"].to_pylist()]})

    for _ in range(2):
        assert build_models(connection, read_models(folder, {"marts.a": twice})) == {"marts.a": 3, "marts.b": 3}
    assert connection.execute("SELECT y FROM marts.b").fetchall() == [(0,), (2,), (4,)]
    assert connection.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'a'").fetchall() == [
        ("twice x",)
    ]


VIEWED = """-- Small numbers.
-- view: not worth a copy
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
    plain = VIEWED.replace("-- view: not worth a copy\n", "")
    for text in (plain, VIEWED, plain):
        build_models(connection, read_models(write(tmp_path, marts__a="FROM range(3) AS r(x)", marts__b=text)))
        assert connection.execute("SELECT count(*) FROM marts.b").fetchall() == [(2,)]
