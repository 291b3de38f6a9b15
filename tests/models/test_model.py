"""Reading, ordering and building SQL models, with models of the tests' own."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.models.computed import step_survival
from cce_etl.models.model import Check, read_checks, read_models, run_check, sql_directory
from cce_etl.warehouse.connection import Connection


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


def test_a_check_returns_the_rows_that_must_not_exist_up_to_a_limit(tmp_path: Path, connection: Connection) -> None:
    write(tmp_path, checks__no_evens="-- Evens are wrong.\n-- table: marts.a\nFROM range(100) AS r(x) WHERE x % 2 = 0")
    (check,) = read_checks(tmp_path)
    assert check == Check("no_evens", check.sql, "Evens are wrong.", "marts.a")
    assert run_check(connection, check, limit=3) == [{"x": 0}, {"x": 2}, {"x": 4}]
    assert len(run_check(connection, check)) == 20


def test_the_projects_own_models_are_found_in_a_checkout() -> None:
    assert (sql_directory() / "marts" / "steps.sql").is_file()
    assert {"marts.steps", "marts.step_durations", "marts.root_jobs"} <= set(names(sql_directory()))


def test_a_check_says_what_to_do_after_what_is_wrong(tmp_path: Path) -> None:
    write(
        tmp_path,
        checks__c="-- Wrong.\n-- table: marts.a\n-- to do: Look\n--   here.\n-- severity: warning\n-- Why.\nSELECT 1",
    )
    (check,) = read_checks(tmp_path)
    assert (check.description, check.severity) == ("Wrong. Look here.", "warning")


def test_a_model_that_selects_from_a_schema_above_its_own_is_refused(tmp_path: Path) -> None:
    write(tmp_path, intermediate__a="FROM marts.b", marts__b="SELECT 1 AS x")
    with pytest.raises(ConfigError, match=r"intermediate\.a selects from marts\.b, in a schema above its own"):
        read_models(tmp_path)


def test_a_word_that_is_no_materialization_is_refused(tmp_path: Path) -> None:
    write(tmp_path, marts__a="-- materialized: kept\nSELECT 1 AS x")
    with pytest.raises(ConfigError, match=r"'materialized: kept'.*table, view, incremental, ephemeral"):
        read_models(tmp_path)


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("cce_etl.pipeline.run", "is no module of cce_etl.models.computed"),
        ("cce_etl.models.computed.nothing", "there is no such module"),
        ("cce_etl.models.computed.arrow", r"does not say MODEL = 'marts\.a'"),
        ("cce_etl.models.computed.step_savings", r"does not say MODEL = 'marts\.a'"),
    ],
)
def test_a_model_that_no_module_computes_is_refused(tmp_path: Path, module: str, problem: str) -> None:
    write(tmp_path, marts__a=f"-- computed by: {module}\nSELECT 1 AS x")
    with pytest.raises(ConfigError, match=problem):
        read_models(tmp_path)


def test_a_computed_model_is_read_with_the_function_of_its_module() -> None:
    (model,) = [model for model in read_models(sql_directory()) if model.name == "marts.step_survival"]
    assert model.computation is step_survival.compute


def test_columns_can_be_described_as_in_another_model(tmp_path: Path) -> None:
    write(
        tmp_path,
        core__a="-- columns:\n--   x: a number\nSELECT 1 AS x",
        marts__a="-- A.\n-- materialized: view\n-- columns: as in core.a\nFROM core.a",
    )
    assert [model.columns for model in read_models(tmp_path)] == [{"x": "a number"}] * 2


def test_columns_as_in_a_model_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    write(tmp_path, marts__a="-- columns: as in core.b\nSELECT 1 AS x")
    with pytest.raises(ConfigError, match=r"as in core\.b, which does not exist"):
        read_models(tmp_path)
