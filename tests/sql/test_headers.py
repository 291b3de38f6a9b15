"""The words above each model: complete, true, and short enough to read."""

from typing import Any

import pytest

from cce_etl import pipeline
from cce_etl.warehouse.models import sql_directory

MODELS = pipeline.models()
FILES = sorted(sql_directory().rglob("*.sql"))


@pytest.fixture(scope="module")
def warehouse(node: Any, build: Any) -> Any:
    """Return trees that give every model rows, several for most grains."""
    children = (node("x"), node("x", end=-1), node("", phase=None, start=None), node("d", cluster_id="e", start=-5))
    nested = node("x", node("y"), node("z", start=90_000))
    return build(node("r", *children, phase="Running"), nested, node("q", node("r")))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_columns_are_documented_in_their_order(warehouse: Any, model: Any) -> None:
    columns = [row[0] for row in warehouse.rows(f"DESCRIBE {model.name}")]
    assert columns == list(model.columns)
    assert all(model.columns.values())
    assert model.description


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_grain_tells_rows_apart(warehouse: Any, model: Any) -> None:
    [(row_count,)] = warehouse.rows(f"SELECT count(*) FROM {model.name}")
    [(key_count,)] = warehouse.rows(f"SELECT count(*) FROM (SELECT DISTINCT {model.grain} FROM {model.name})")
    assert row_count == key_count > 0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_models_read_core_and_marts_alone(model: Any) -> None:
    assert model.dependencies
    assert {name.partition(".")[0] for name in model.dependencies} <= {"core", "marts"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_instants_are_naive_nanoseconds_and_seconds_are_doubles(warehouse: Any, model: Any) -> None:
    types = {row[0]: row[1] for row in warehouse.rows(f"DESCRIBE {model.name}")}
    assert {kind for name, kind in types.items() if name.endswith("_at")} <= {"TIMESTAMP_NS"}
    assert {kind for name, kind in types.items() if name.endswith(("_seconds", "_rate"))} <= {"DOUBLE"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_at_most_80_lines(path: Any) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
