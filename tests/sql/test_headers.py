"""The header of each model is complete and true, and the models keep to their layers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cce_etl.models import computed
from cce_etl.models.model import LAYERS
from cce_etl.pipeline import run as pipeline

MODELS = pipeline.models()
# Marts behind more than six models, and why they have to be.
DEEPER = {
    "marts.duration_changes": "the roots to compare are chosen before all step types are compared at once",
    "marts.step_cohorts": "the same",
    "marts.step_blame": "the savings of a step type are computed from its percentiles",
}


@pytest.fixture(scope="module")
def warehouse(node: Any, build: Any) -> Any:
    """Return trees that give every model rows, several for most grains."""
    children = [node("x"), node("x", end=-1), node("", phase=None, start=None), node("d", cluster_id="e", start=-5)]
    children += [node("on", phase="Running"), node("late", start=999, phase="Running")]
    nested = node("x", node("y"), node("z", start=90_000))
    alone = (node("f", phase="Failed", reason="no"), node("busy", phase="Running"))
    built = build(node("r", *children, phase="Running"), nested, node("q", node("r")), *alone, *_slow_since(node))
    built.connection.execute(
        """INSERT INTO raw.clusters BY NAME
        SELECT 's' AS source, 'c' AS cluster_id, 'v1.30' AS version, make_timestamp_ns(0) AS observed_at"""
    )
    built.connection.execute(
        """INSERT INTO raw.fetch_runs SELECT 'run', 's', 'run', make_timestamp_ns(0), make_timestamp_ns(range),
        1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1 FROM range(1)"""
    )
    return built


def _slow_since(node: Any) -> Iterator[Any]:
    """Yield an hourly root job for some days, later ones four times as long on one cluster's machines."""
    for hour in range(120):
        name = ("blue-1", "red-1")[hour % 2]
        start = -3_600 * (400 - hour)
        length = (40 + hour % 7) * (4 if hour >= 60 and name == "red-1" else 1)
        step = node(f"s{hour}", start=start, end=start + length, job_type="Install", resource_name=name)
        yield node(f"h{hour}", step, start=start, end=start + length)


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
def test_no_model_selects_from_a_schema_above_its_own(model: Any) -> None:
    schemas = {name.partition(".")[0] for name in model.dependencies}
    assert schemas
    assert max(map(LAYERS.index, schemas)) <= LAYERS.index(model.name.partition(".")[0])


def test_at_most_six_models_stand_between_core_jobs_and_a_mart() -> None:
    before = {"core.jobs": 0}
    for model in MODELS:
        before[model.name] = max(
            (before[name] + (name != "core.jobs") for name in model.dependencies & before.keys()), default=0
        )
    deeper = {name for name, count in before.items() if name.startswith("marts.") and count > 6}
    assert deeper == DEEPER.keys()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_computed_model_names_the_module_that_computes_it(model: Any) -> None:
    named = re.findall(r"^-- computed by: (\S+)$", model.sql, re.MULTILINE)
    assert named == ([] if model.computation is None else [model.computation.__module__])


def test_every_module_that_computes_a_model_is_named_by_a_model() -> None:
    files = Path(computed.__path__[0]).glob("*.py")
    modules = {f"{computed.__name__}.{path.stem}" for path in files if "\nMODEL: " in path.read_text(encoding="utf-8")}
    assert modules == {model.computation.__module__ for model in MODELS if model.computation}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_instants_are_naive_nanoseconds_and_seconds_are_doubles(warehouse: Any, model: Any) -> None:
    types = {row[0]: row[1] for row in warehouse.rows(f"DESCRIBE {model.name}")}
    assert {kind for name, kind in types.items() if name.endswith("_at")} <= {"TIMESTAMP_NS"}
    assert {kind for name, kind in types.items() if name.endswith(("_seconds", "_rate"))} <= {"DOUBLE"}
